package deploy_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A worker chooses a port of its own where it is given none: wherever it is scraped, it is
// given the one that is asked.
func TestWorkersListenWhereTheyAreScraped(t *testing.T) {
	t.Parallel()
	const port = "9464"
	for file, patterns := range map[string][]string{
		"Dockerfile":                  {`ENV REVOKER_HTTP=:(\d+)`, `EXPOSE (\d+)`},
		"prometheus/prometheus.yml":   {`port: (\d+)`},
		"kubernetes/base/worker.yaml": {`REVOKER_HTTP, value: ":(\d+)"`, `name: http, containerPort: (\d+)`},
		"systemd/revoker@.service":    {`REVOKER_HTTP=127.0.0.1:(%i)`, `revoker@(\d+) `},
	} {
		for _, pattern := range patterns {
			found := regexp.MustCompile(pattern).FindStringSubmatch(read(t, file))
			if found == nil || found[1] != port && found[1] != "%i" {
				t.Errorf("%s: %s: got %q, want port %s", file, pattern, found, port)
			}
		}
	}
}

// Exit code 2 says that the settings make no sense: a restart would not mend them.
func TestUnitsThatAreSetUpWrongStayDown(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{"revoker@", "revoker-monitor"} {
		if !regexp.MustCompile(`(?m)^RestartPreventExitStatus=2$`).MatchString(read(t, "systemd/"+unit+".service")) {
			t.Errorf("%s is restarted for ever", unit)
		}
	}
}

// Who is to run revoker in a cluster reads of every component that there is.
func TestRunbookNamesEveryComponent(t *testing.T) {
	t.Parallel()
	components, err := os.ReadDir("kubernetes/components")
	if err != nil || len(components) == 0 {
		t.Fatalf("%d components: %v", len(components), err)
	}
	for _, component := range components {
		if link := "(kubernetes/components/" + component.Name() + ")"; !strings.Contains(read(t, "RUNBOOK.md"), link) {
			t.Errorf("the runbook has no link %s", link)
		}
	}
}

// What a unit cannot load, it does not start without. The worker and the web site are
// different users of Redis.
func TestRunbooksInstallEverySecret(t *testing.T) {
	t.Parallel()
	sources := make(map[string]bool)
	for _, unit := range []string{"revoker@", "revoker-monitor"} {
		for _, found := range regexp.MustCompile(`(?m)^LoadCredential=.*:/etc/revoker/(.*)$`).FindAllStringSubmatch(
			read(t, "systemd/"+unit+".service"), -1) {
			if sources[found[1]] {
				t.Errorf("two units load %s", found[1])
			}
			sources[found[1]] = true
		}
	}
	for _, runbook := range []string{"RUNBOOK.md", "RUNBOOK.ko.md"} {
		install := regexp.MustCompile(`install -m 0600 (.*) /etc/revoker`).FindStringSubmatch(read(t, runbook))
		if install == nil {
			t.Errorf("%s installs no secrets", runbook)
			continue
		}
		for source := range sources {
			if !slices.Contains(strings.Fields(install[1]), source) {
				t.Errorf("%s does not install %s", runbook, source)
			}
		}
	}
}
