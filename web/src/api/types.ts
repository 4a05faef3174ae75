/**
 * The shapes of docs/protocol.md. Times are milliseconds UTC by the server's clock (`now`), never the device's.
 */
export type LanguageTag = "de" | "en";
export type Mode = "video" | "audio" | "text";
type SeatState = "expected" | "waiting" | "talking" | "closed";
export type Outcome = "held" | "phone" | "technical" | "noshow" | "cancelled";
/** `removed`: put out of the talk, whatever the outcome is. */
type ClosedReason = Outcome | "removed";
/** Why a device is or is not in use; the words of `POST …/check`. */
export type DeviceState = "ok" | "off" | "refused" | "missing" | "busy" | "unsupported";

/** A picture, and the room that it takes. */
export interface Logo {
  src: string;
  width: number;
  height: number;
  alt: string;
}

export interface PublicAgency {
  slug: string;
  name: string;
  phone: string;
  /** What is dialled, where `phone` is one number. */
  dial?: string;
  /** By language. */
  phoneHours: Readonly<Record<string, string>>;
  /** Of the offices, as the IANA database names it. */
  timeZone: string;
  languages: LanguageTag[];
  logo?: Logo;
}

interface Wait {
  from: number;
  to: number;
  /** What the range is about, and when those who come first must be free for it to hold. */
  until: number;
  after?: number;
}

/** What a place can switch off for its talks. */
export type Feature = "chat" | "screen" | "files" | "document" | "form" | "company" | "scan";

type CompanyRole = "companion" | "representative" | "interpreter";

export interface GuestTalk {
  id: string;
  generation: number;
  staffName: string;
  admittedAt: number;
  ringUntil?: number;
  enteredAt?: number;
  headsUpMs: number;
  /** Who leads the talk has its window connected. */
  staffHere: boolean;
  /** Another word for each member of staff, also of the same name. */
  lead: string;
  /** Who goes on with the talk in a moment. */
  nextName?: string;
  features?: Feature[];
}

/** A text in one version; one that is not the agency's own stands in the catalogue. */
interface LegalText {
  version: string;
  own: boolean;
}

export interface GuestView {
  seat: string;
  /** Of who accompanies the citizen. */
  role?: CompanyRole;
  agency: PublicAgency;
  department: string;
  location: string;
  state: SeatState;
  closedReason?: ClosedReason;
  language: LanguageTag;
  startsAt: number;
  endsAt: number;
  /** The window of the waiting room. */
  opensAt: number;
  closesAt: number;
  advisor?: string;
  here: boolean;
  elsewhere: boolean;
  takeover: "none" | "asked" | "refused";
  /** The talk is closed to this and every other device. */
  locked?: boolean;
  mode?: Mode;
  arrivedAt?: number;
  /** Minutes; absent: not known; 0 to 0: at once. */
  wait?: Wait;
  /** Until when the guest can wait, as they have said. */
  stayUntil?: number;
  callbackAt?: number;
  moveAskedAt?: number;
  /** In a talk: the last digits of the number that the office knows. */
  callable?: string;
  /** The talk was interrupted then; somebody else takes it up. */
  passedAt?: number;
  /** What the desk has said to who waits here, oldest first. */
  messages?: Message[];
  /** In which ways this appointment can take place. */
  doors: ("link" | "callback")[];
  /** Why the guest does not get in by video. */
  barred?: "door" | "consent";
  /** What the office says, by language. */
  welcome?: Readonly<Record<string, string>>;
  /** What the guest is told about their data; `consent`: what they are asked to agree to before they come in. */
  legal: { notice: LegalText; consent?: LegalText & { givenAt?: number } };
  talk?: GuestTalk;
  now: number;
  /** Booked at the end of this one; told only to the browser that had the seat then. */
  next?: { startsAt: number; mail: boolean; link?: string };
}

/** Said by the desk to who waits; answered once, or not. */
export interface Message {
  id: string;
  text: string;
  sentAt: number;
  answer?: string;
  /** One of the ready answers, in place of `answer`: each page says it in its own language. */
  ready?: "yes" | "no" | "moment";
  answeredAt?: number;
}

interface Desk {
  id: string;
  name: string;
  department: string;
  location: string;
  departmentId: string;
  /** The highest that the person has there. */
  role: Role;
  /** It takes no new appointments. */
  closed?: boolean;
  /** The person works there for a time, up to that moment. */
  until?: number;
  /** In which appointments are offered there. */
  languages: LanguageTag[];
}

/** What a person does at a place and at everything below it. */
export type Role =
  | "reception"
  | "advisor"
  | "lead"
  | "location_admin"
  | "department_admin"
  | "agency_admin"
  | "protection"
  | "auditor"
  | "operator";

interface Held {
  role: Role;
  kind: "agency" | "department" | "location" | "desk";
  place: string;
}

interface Service {
  id: string;
  name: string;
  departmentId: string;
  minutes: number;
}

interface Advisor {
  id: string;
  name: string;
  desks: string[];
}

export interface Me {
  id: string;
  name: string;
  email: string;
  roles: Held[];
  agency: PublicAgency;
  desks: Desk[];
  services: Service[];
  advisors: Advisor[];
}

/** How the people of an agency sign in. */
export interface SignInWays {
  providers: { id: string; name: string }[];
  /** Some have a password here. */
  password: boolean;
  /** There are several agencies, and none was named. */
  several: boolean;
  /** Browsers can make passkeys for this address. */
  passkeys: boolean;
  /** Who has forgotten a password can have a link sent. */
  forgotten: boolean;
}

interface Person {
  id: string;
  name: string;
}

interface Citizen {
  name: string;
  email?: string;
  phone?: string;
  /** The newest number left for a call about this appointment. */
  callback?: string;
}

interface RowSeat {
  id: string;
  state: SeatState;
  closedReason?: ClosedReason;
  door?: "link" | "code" | "phone" | "room";
  mode?: Mode;
  opensAt: number;
  closesAt: number;
  openedAt?: number;
  checkFailedAt?: number;
  arrivedAt?: number;
  awaySince?: number;
  hiddenSince?: number;
  stayUntil?: number;
  talkedUntil?: number;
  /** A talk was interrupted, as who led it may lead it no longer. */
  passed?: { at: number; from: Person };
  /** The desk can write to who waits here. */
  mayWrite?: boolean;
  messages?: RowMessage[];
}

export interface RowMessage extends Message {
  staff: Person;
}

interface RowTalk {
  id: string;
  staff: Person;
  admittedAt: number;
  ringUntil?: number;
  enteredAt?: number;
  connectedAt?: number;
  takeoverAsked: boolean;
  /** Who leads it has called for help; `answeredBy` is the name of who has said to come. */
  alarm?: { at: number; answeredBy?: string };
  /** Sound and picture run on a device that is paired with the session of who leads it. */
  device?: boolean;
  /** Since when that device is not there. */
  awaySince?: number;
}

/** One appointment in the list of the day. */
export interface Row {
  id: string;
  version: number;
  startsAt: number;
  endsAt: number;
  desk: string;
  deskName: string;
  service: string;
  serviceName: string;
  advisor?: Person;
  /** Who has given it to its advisor, and what they let them know. */
  handed?: { by: Person; note?: string };
  citizen: Citizen;
  language: LanguageTag;
  status: "booked" | "done" | "cancelled";
  outcome?: Outcome;
  seat: RowSeat;
  talk?: RowTalk;
  invitation: { by: "mail" | "none"; state: "queued" | "sent" | "failed" | "none" };
  /** The desk can invite somebody to accompany the citizen. */
  mayInvite?: boolean;
  company?: { seat: string; role: CompanyRole; name: string; state: SeatState; awaySince?: number }[];
}

/** One who accompanies a citizen, with the link to their place. */
export interface InvitedGuest {
  seat: string;
  role: CompanyRole;
  name: string;
  language: LanguageTag;
  state: SeatState;
  link: string;
}

/** By how many minutes a desk, or a colleague, says to be late. */
export interface Late {
  who: string;
  minutes: number;
}

export interface Task {
  id: string;
  desk: string;
  appointment: string;
  kind: "callback" | "move";
  citizenName: string;
  phone?: string;
  email?: string;
  startsAt: number;
  createdAt: number;
  doneAt?: number;
  doneBy?: string;
}

export interface TalkView {
  id: string;
  seat: string;
  generation: number;
  staff: Person;
  appointment: {
    id: string;
    version: number;
    startsAt: number;
    endsAt: number;
    service: string;
    serviceName: string;
    desk: string;
    deskName: string;
    language: LanguageTag;
    citizen: { name: string; phone?: string };
  };
  admittedAt: number;
  ringUntil?: number;
  enteredAt?: number;
  connectedAt?: number;
  endedAt?: number;
  /** Names the device that asks to take over. */
  takeover?: string;
  /** No other device may ask. */
  locked?: boolean;
  /** Who leads the talk is to compare the safety code. */
  codeRequired: boolean;
  /** It runs on a device that is paired with the session of who leads it. */
  device?: boolean;
  features?: Feature[];
  guestMode: Mode;
  guestReachable: boolean;
  /** In this talk the guest has asked to be called instead, and nobody has yet. */
  callAskedAt?: number;
  guestAwaySince?: number;
  headsUpMs: number;
  /** Who leads the talk has called colleagues for help. */
  alarm?: { at: number; answeredBy?: Person };
  /** Somebody is asked to go on with it: anybody of the desk, unless there is `to`. */
  transfer?: TalkTransfer;
  /** The talk with the citizen whom this guest accompanies. */
  beside?: string;
  /** Who accompanies the citizen. */
  company?: CompanyGuest[];
  now: number;
}

export interface CompanyGuest {
  seat: string;
  role: CompanyRole;
  name: string;
  language: LanguageTag;
  state: SeatState;
  awaySince?: number;
  talk?: { id: string; generation: number; ringUntil?: number; enteredAt?: number; takeover?: string };
}

/** Why not. */
export type Declined = "busy" | "wrong" | "time";

export interface TalkTransfer {
  at: number;
  /** The name of the desk that is asked. */
  desk: string;
  /** Another one than that of the talk. */
  elsewhere: boolean;
  to?: Person;
  acceptedBy?: Person;
  /** Good-bye is said. */
  ready?: boolean;
  declined?: Declined;
  declinedBy?: Person;
}

/** A talk that this person, or a desk of theirs, is asked to go on with. */
export interface Transfer {
  talk: string;
  seat: string;
  at: number;
  from: Person;
  fromDesk: string;
  desk: string;
  deskName: string;
  service: string;
  serviceName: string;
  /** Only to who works at the talk's desk. */
  citizenName?: string;
  note?: string;
  /** Nobody else is asked. */
  mine?: boolean;
  /** This person has accepted. */
  accepted?: boolean;
  ready?: boolean;
}

export interface FoundDesk {
  id: string;
  name: string;
  department: string;
  location: string;
}

/** Who else waits at a person's desks, without names: a screen may be shown. */
export interface Others {
  count: number;
  /** The appointment of who has waited longest of those whom the person may call in. */
  next?: { since: number; startsAt: number; service: string; serviceName: string };
}

/** One message of the signalling queue of a talk; what else it carries depends on its kind. */
export interface Signal {
  seq: number;
  generation: number;
  kind: string;
  sdp?: string;
  nonce?: string;
  commit?: string;
}

/** Answer of `admit` and `join`. */
export interface Admitted {
  talk: TalkView;
  signals: Signal[];
}

/** Answer of booking and moving; `link` only when no e-mail carries it. */
export interface Booked {
  id: string;
  version: number;
  link?: string;
}

export type ByeReason = "taken-over" | "moved" | "signed-out" | "elsewhere";

/** The end of a stream. */
export interface Bye {
  reason: ByeReason;
  /** Of a moved appointment: the new time, for the page that held the seat. */
  startsAt?: number;
}

/** Network test, protocol.md §5. */
export type Path = "udp" | "tcp" | "tls";
export interface TestPaths {
  paths: Path[];
  id: string;
}
export interface TestDescription {
  sdp: string;
  /** For the connection that wrote the description. */
  iceServers?: RTCIceServer[];
}

/** Answer of `…/detour`: the way through the port of HTTPS; empty where there is none. */
export interface Detour {
  iceServers: RTCIceServer[];
}
