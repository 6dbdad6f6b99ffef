package main_test

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// runbooks are the same text in two languages.
var runbooks = []string{"../../deploy/RUNBOOK.md", "../../deploy/RUNBOOK.ko.md"}

// carriedOut is the script that carries their commands out.
const carriedOut = "testdata/script/runbook.txtar"

var (
	inline   = regexp.MustCompile("`([^`]+)`")
	isOne    = regexp.MustCompile(`^(sudo env |revoker [a-z]|kubectl |systemctl |journalctl |redis-cli |grep |sed |printf |install |SET )`)
	remark   = regexp.MustCompile(`\s+# .*`)
	imp      = regexp.MustCompile(`\bimp_\d{12}\b`)
	listName = regexp.MustCompile(`\blist-[a-z]\b`)
	listFile = regexp.MustCompile(`\b[a-z]+\.csv\b`)
)

// commands returns the commands of a runbook, those in blocks of code first: each on a
// line, without its remark.
func (d document) commands() (found []string) {
	whole, text := "", []string{}
	for _, line := range d {
		if !strings.HasPrefix(line, "    ") {
			text = append(text, line)
			continue
		}
		whole += strings.TrimSpace(remark.ReplaceAllString(line, ""))
		if before, continued := strings.CutSuffix(whole, `\`); continued || strings.HasSuffix(whole, "|") {
			whole = before
			continue
		}
		found, whole = append(found, whole), ""
	}
	for _, span := range inline.FindAllStringSubmatch(strings.Join(text, "\n"), -1) {
		if command := strings.Join(strings.Fields(span[1]), " "); isOne.MatchString(command) {
			found = append(found, command)
		}
	}
	return found
}

// Both runbooks have the same sections, alerts by the same names, and the same commands.
func TestRunbooksHaveTheSameContent(t *testing.T) {
	t.Parallel()
	english, korean := readme(t, runbooks[0]), readme(t, runbooks[1])
	alerts := func(d document) []string {
		return slices.DeleteFunc(d.headings(), func(h string) bool { return !strings.HasPrefix(h, "## Revoker") })
	}
	for _, part := range []struct {
		name string
		of   func(document) []string
	}{
		{"levels of headings", document.levels},
		{"alerts", alerts},
		{"commands", func(d document) []string { return sortedSet(d.commands()) }},
		{"names in tables", document.tableNames},
		{"where links lead", document.links},
	} {
		if diff := cmp.Diff(part.of(english), part.of(korean)); diff != "" {
			t.Errorf("%s (-RUNBOOK.md +RUNBOOK.ko.md):\n%s", part.name, diff)
		}
	}
}

// Every command of the runbook has been carried out by the script, with an imp_uid, a
// batch and a file for IMP_UID, NAME and FILE. What needs a cluster or systemd names what
// there is.
func TestEveryCommandOfTheRunbookWorks(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(carriedOut)
	if err != nil {
		t.Fatal(err)
	}
	done := make(map[string]bool)
	for line := range strings.Lines(string(script)) {
		line = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(line), "! "), "exec ")
		line = imp.ReplaceAllString(line, "IMP_UID")
		done[listFile.ReplaceAllString(listName.ReplaceAllString(line, "NAME"), "FILE")] = true
	}
	commands := sortedSet(readme(t, runbooks[0]).commands())
	if len(commands) < 30 {
		t.Fatalf("only %d commands are found: %q", len(commands), commands)
	}
	for _, command := range commands {
		switch word, _, _ := strings.Cut(command, " "); word {
		case "kubectl", "systemctl", "journalctl", "install", "printf", "sed":
			checkNames(t, command)
		default:
			as := strings.ReplaceAll(strings.TrimPrefix(command, "sudo "), "/etc/", "etc/")
			if as = strings.Replace(as, "--pg …", "--pg kcp", 1); !done[listFile.ReplaceAllString(as, "FILE")] && !done["redis "+as] {
				t.Errorf("%s does not carry out %s", carriedOut, command)
			}
		}
	}
}

var (
	object = regexp.MustCompile(`\b(deploy|job|scaledobject|secret generic|create secret \w+)[/ ]([a-z-]+)`)
	unit   = regexp.MustCompile(`\brevoker(@|-monitor)`)
	// The kustomization that is applied names the namespace itself.
	namespaced = regexp.MustCompile(`^kubectl (-n receipts|apply -k) `)
	source     = regexp.MustCompile(`\s(?:systemd|kubernetes)/[a-z@.-]+`)
)

// checkNames looks for what a command names among the files of deploy.
func checkNames(t *testing.T, command string) {
	t.Helper()
	manifests := ""
	for _, file := range []string{
		"base/worker", "base/monitor", "base/network", "base/settings", "components/keda/scaledobject", "operator",
	} {
		manifests += strings.Join(readme(t, "../../deploy/kubernetes/"+file+".yaml"), "\n")
	}
	if kubectl := strings.HasPrefix(command, "kubectl "); kubectl && !namespaced.MatchString(command) {
		t.Errorf("%s names no namespace", command)
	}
	for _, found := range object.FindAllStringSubmatch(command, -1) {
		name := strings.TrimSuffix(found[2], "-")
		if !strings.Contains(manifests, "name: "+name) && !strings.Contains(manifests, "secretName: "+name) &&
			!strings.Contains(manifests, "generateName: "+name) {
			t.Errorf("%s: no manifest names %s", command, name)
		}
	}
	for _, found := range unit.FindAllString(command, -1) {
		if _, err := os.Stat("../../deploy/systemd/" + found + ".service"); err != nil && strings.Contains(command, "ctl ") {
			t.Errorf("%s: there is no such unit: %v", command, err)
		}
	}
	for _, file := range source.FindAllString(command, -1) {
		if _, err := os.Stat("../../deploy/" + strings.TrimSpace(file)); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
	if before, _, piped := strings.Cut(command, "| kubectl"); piped && strings.HasPrefix(before, "sed ") {
		sed := exec.CommandContext(t.Context(), "sh", "-c", before)
		sed.Dir = "../../deploy"
		manifest, err := sed.CombinedOutput()
		if err != nil || strings.Contains(string(manifest), "image: revoker\n") || strings.Contains(string(manifest), "[queue, list]") {
			t.Errorf("%s: %v; it leaves\n%s", before, err, manifest)
		}
	}
}

func sortedSet(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}
