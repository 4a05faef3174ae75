/**
 * The components of both pages, and the only folder that knows how KERN marks things up. Each page loads the style
 * sheets itself, before anything else: this list has no effect of its own, so that every component can travel with
 * those that show it.
 */

export { announce } from "./announcer.svelte";
export { focusHeading } from "./focus";
export { Clock } from "./clock.svelte";
export { provideTexts, Texts, useTexts } from "./texts.svelte";
export * as icons from "./icons";
export * as moreIcons from "./more-icons";

export { default as Alert } from "./Alert.svelte";
export { default as Badge } from "./Badge.svelte";
export { default as Button } from "./Button.svelte";
export { default as ButtonLink } from "./ButtonLink.svelte";
export { default as Card } from "./Card.svelte";
export { default as Checkbox } from "./Checkbox.svelte";
export { default as CheckboxGroup } from "./CheckboxGroup.svelte";
export { default as Combobox } from "./Combobox.svelte";
export { default as Details } from "./Details.svelte";
export { default as Dialog } from "./Dialog.svelte";
export { default as Divider } from "./Divider.svelte";
export { default as Facts } from "./Facts.svelte";
export { default as Field } from "./Field.svelte";
export { default as FileField } from "./FileField.svelte";
export { default as Header } from "./Header.svelte";
export { default as Heading } from "./Heading.svelte";
export { default as Icon } from "./Icon.svelte";
export { default as LanguageSwitch } from "./LanguageSwitch.svelte";
export { default as Link } from "./Link.svelte";
export { default as LiveRegion } from "./LiveRegion.svelte";
export { default as Loader } from "./Loader.svelte";
export { default as Page } from "./Page.svelte";
export { default as Progress } from "./Progress.svelte";
export { default as RadioGroup } from "./RadioGroup.svelte";
export { default as Select } from "./Select.svelte";
export { default as Skeleton } from "./Skeleton.svelte";
export { default as Spinner } from "./Spinner.svelte";
export { default as Stage } from "./Stage.svelte";
export { default as Subheading } from "./Subheading.svelte";
export { default as Table } from "./Table.svelte";
export { default as Tabs } from "./Tabs.svelte";
export { default as ToolButton } from "./ToolButton.svelte";
export { default as Video } from "./Video.svelte";
export { default as VisuallyHidden } from "./VisuallyHidden.svelte";
