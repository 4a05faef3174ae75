package admin

import (
	"strings"
	"testing"
)

// told are the sentences of tables that there is nothing of yet.
func told(t *testing.T, language string, files ...File) []string {
	t.Helper()
	d, m := Read(files)
	Compare(newDocument(), d, m)
	text, err := m.Sentences(language)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(text), "\n")
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("it says\n\t%s\nand not\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestMistakesComeLineByLineAndEachLineFromItsBeginning(t *testing.T) {
	equal(t, told(t, "de", csvOf("anliegen.csv", "Minuten;Name_Deutsch;Fachbereich;Kürzel\nx;;JUG;A\n30;"+strings.Repeat("y", 201)+";=1;B\n30;c\n")),
		"anliegen.csv, Zeile 2: „x“ in der Spalte Minuten muss eine ganze Zahl von 5 bis 480 sein.",
		"anliegen.csv, Zeile 2: Die Spalte Name_Deutsch darf nicht leer sein.",
		"anliegen.csv, Zeile 2: Einen Fachbereich mit dem Kürzel JUG gibt es nicht.",
		"anliegen.csv, Zeile 3: In der Spalte Name_Deutsch stehen mehr als 200 Zeichen.",
		"anliegen.csv, Zeile 3: „=1“ in der Spalte Fachbereich beginnt wie eine Formel. Ist es keine, setzen Sie einen Apostroph (') davor.",
		"anliegen.csv, Zeile 4: Die Zeile hat 2 Zellen, die erste Zeile hat 4.")
}

func TestMistakesCallColumnsAndWordsAsTheTableDoesInEveryLanguage(t *testing.T) {
	german := csvOf("rollen.csv", "E-Mail;Rolle;Bei;Stelle;Status\na@b.example;chef;Team;K;\na@b.example;Beratung;Behörde;;\na@b.example;Behördenverwaltung;Behörde;K;halb\n")
	equal(t, told(t, "de", german),
		"rollen.csv, Zeile 2: „chef“ kann in der Spalte Rolle nicht stehen. Möglich sind: empfang, beratung, teamleitung, standortverwaltung, fachbereichsverwaltung, behördenverwaltung, datenschutz, revision, betrieb.",
		"rollen.csv, Zeile 3: Ein Konto mit der E-Mail-Adresse a@b.example gibt es nicht.",
		"rollen.csv, Zeile 3: Die Rolle beratung gibt es nicht bei behörde.",
		"rollen.csv, Zeile 4: Ein Konto mit der E-Mail-Adresse a@b.example gibt es nicht.",
		"rollen.csv, Zeile 4: Bei behörde bleibt die Spalte Stelle leer, statt „K“.",
		"rollen.csv, Zeile 4: „halb“ kann in der Spalte Status nicht stehen. Möglich sind: erteilt, entzogen.")
	if got := told(t, "en", german)[4]; got != "rollen.csv, line 4: At behörde the column Stelle stays empty, instead of “K”." {
		t.Error(got)
	}
	equal(t, told(t, "de", csvOf("standorte.csv", "kürzel;strasse\nA;x\n")),
		"standorte.csv, Zeile 1: Eine Spalte strasse gibt es hier nicht. Möglich sind: kürzel, name, ort, telefon, status.")
	equal(t, told(t, "de", csvOf("fachbereiche.csv", "Status;Name\noffen;a\n")),
		"fachbereiche.csv, Zeile 1: Die Spalte kürzel fehlt. Ohne sie ist nicht klar, wovon die Zeile handelt.")
	equal(t, told(t, "de", csvOf("desks.csv", "Code;Department\nA;x\n")),
		"desks.csv, Zeile 2: Einen Fachbereich mit dem Kürzel x gibt es nicht.",
		"desks.csv, Zeile 2: Das ist neu. Dafür muss die Spalte name ausgefüllt sein.",
		"desks.csv, Zeile 2: Das ist neu. Dafür muss die Spalte location ausgefüllt sein.")
}
