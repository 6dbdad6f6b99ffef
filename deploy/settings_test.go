package deploy_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"receiptrevoker/tasks"
)

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEveryVariableIsKnown finds variables that no command reads: misspelt, they
// would be passed over in silence.
func TestEveryVariableIsKnown(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "revoker")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../cmd/revoker").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var help strings.Builder
	for _, command := range []string{"work", "monitor", "enqueue"} {
		text, err := exec.CommandContext(t.Context(), program, command, "-h").Output()
		if err != nil {
			t.Fatal(err)
		}
		help.Write(text)
	}
	known := strings.Join(strings.Fields(help.String()), " ")
	variable := regexp.MustCompile(`\b(?:REVOKER|REDIS|IMP|IAMPORT)_[A-Z_]+\b`)
	seen := 0
	err := filepath.WalkDir(".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(file, ".go") {
			return err
		}
		for _, name := range variable.FindAllString(read(t, file), -1) {
			seen++
			if name == "IMP_UID" { // an argument
				continue
			}
			if !regexp.MustCompile(`\b` + name + `\b`).MatchString(known) {
				t.Errorf("%s: no command reads %s", file, name)
			}
		}
		return nil
	})
	if err != nil || seen < 20 {
		t.Errorf("%d variables found: %v", seen, err)
	}
}

// TestStoppingIsGivenTheTimeItTakes compares how long a worker may take to stop
// with how long it is given.
func TestStoppingIsGivenTheTimeItTakes(t *testing.T) {
	t.Parallel()
	call, err := time.ParseDuration(regexp.MustCompile(`REVOKER_TIMEOUT: (\S+)`).FindStringSubmatch(read(t, "kubernetes/base/settings.yaml"))[1])
	if err != nil {
		t.Fatal(err)
	}
	needed := 2*call + 10*time.Second
	for file, pattern := range map[string]string{
		"kubernetes/base/worker.yaml": `terminationGracePeriodSeconds: (\d+)`,
		"systemd/revoker@.service":    `TimeoutStopSec=(\d+)`,
		"compose.yaml":                `stop_grace_period: (\d+)s`,
	} {
		found := regexp.MustCompile(pattern).FindStringSubmatch(read(t, file))
		if found == nil {
			t.Errorf("%s gives no time", file)
			continue
		}
		if seconds, _ := strconv.Atoi(found[1]); time.Duration(seconds)*time.Second <= needed {
			t.Errorf("%s gives %s s, want more than %v", file, found[1], needed)
		}
	}
}

// TestKEDALooksAtEveryQueue compares the queues of the triggers with ours.
func TestKEDALooksAtEveryQueue(t *testing.T) {
	t.Parallel()
	text := read(t, "kubernetes/components/keda/scaledobject.yaml")
	want := 0
	for _, pg := range append(tasks.Gateways(), "") {
		for _, bulk := range []bool{false, true} {
			want++
			if list := `listName: "asynq:{` + (tasks.Queue{PG: pg, Bulk: bulk}).Name() + `}:pending"`; !strings.Contains(text, list) {
				t.Errorf("no trigger for %s", list)
			}
		}
	}
	if got := strings.Count(text, "listName: "); got != want {
		t.Errorf("%d triggers, want %d", got, want)
	}
}

// TestEveryAlertIsExplainedAndTested looks for each alert in the runbook and
// among those that the rules' tests expect.
func TestEveryAlertIsExplainedAndTested(t *testing.T) {
	t.Parallel()
	rules, tests, runbook := read(t, "prometheus/rules.yaml"), read(t, "prometheus/rules_test.yaml"), read(t, "RUNBOOK.md")
	alerts := regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(rules, -1)
	if len(alerts) == 0 {
		t.Fatal("there are no alerts")
	}
	for _, alert := range alerts {
		name := alert[1]
		if !strings.Contains(runbook, "\n## "+name+"\n") {
			t.Errorf("the runbook does not say what to do about %s", name)
		}
		anchor := "runbook_url: https://github.com/you/receiptrevoker/blob/main/deploy/RUNBOOK.md#" + strings.ToLower(name) + "\n"
		if !strings.Contains(rules, anchor) || !strings.Contains(tests, anchor) {
			t.Errorf("%s does not lead to its place in the runbook, or no test sees it fire", name)
		}
		quiet := regexp.MustCompile(`alertname: ` + name + `(, exp_alerts: \[\]|\n\s+eval_time: \S+\n\s+exp_alerts: \[\])`)
		if !quiet.MatchString(tests) {
			t.Errorf("no test sees %s not fire", name)
		}
	}
	for _, heading := range regexp.MustCompile(`(?m)^## (Revoker\w+)$`).FindAllStringSubmatch(runbook, -1) {
		if !strings.Contains(rules, "alert: "+heading[1]+"\n") {
			t.Errorf("the runbook explains %s, which is no alert", heading[1])
		}
	}
}
