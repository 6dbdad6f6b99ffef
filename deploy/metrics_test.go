// Package deploy holds what revoker is run with. Its tests compare that with
// the program.
package deploy_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hibiken/asynq"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/metrics"
)

// worker is one whose gates are all open.
type worker struct{}

func (worker) Ready(context.Context) error { return nil }

func (worker) Gates() map[gate.Name]gate.State {
	gates := map[gate.Name]gate.State{gate.PortOne: {}, gate.Of(""): {}}
	for _, pg := range tasks.Gateways() {
		gates[gate.Of(pg)] = gate.State{}
	}
	return gates
}

// scraped returns the metrics of a worker that has a queue of each gateway and a
// batch, as Prometheus scrapes them, with the values that each label has.
func scraped(t *testing.T) map[string]map[string][]string {
	t.Helper()
	client := redistest.Embedded(t)
	store := outcome.NewStore(client, outcome.Config{})
	asked := []tasks.Revocation{{ImpUID: "imp_1", PG: tasks.KCP, Batch: "refunds", Row: 1}}
	if _, err := store.AskRows(t.Context(), "refunds", "", 1, make([]outcome.Row, 1), asked); err != nil {
		t.Fatal(err)
	}
	for _, pg := range append(tasks.Gateways(), "") {
		task, err := tasks.NewTask(tasks.Revocation{ImpUID: "imp_1", PG: pg})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := asynq.NewClientFromRedisClient(client).EnqueueContext(t.Context(), task); err != nil {
			t.Fatal(err)
		}
	}

	answer := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
	metrics.New().Handler(metrics.Subject{Redis: client, Outcomes: store, Worker: worker{}}).ServeHTTP(answer, request)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]map[string][]string)
	for name, family := range families {
		labels := labelsOf(family)
		all[name] = labels
		if family.GetType() == dto.MetricType_HISTOGRAM {
			all[name+"_count"], all[name+"_sum"] = labels, labels
			all[name+"_bucket"] = maps.Clone(labels)
			all[name+"_bucket"]["le"] = nil // any number
		}
	}
	return all
}

// labelsOf returns the values of each label.
func labelsOf(family *dto.MetricFamily) map[string][]string {
	labels := make(map[string][]string)
	for _, metric := range family.GetMetric() {
		for _, label := range metric.GetLabel() {
			labels[label.GetName()] = append(labels[label.GetName()], label.GetValue())
		}
	}
	return labels
}

var (
	selector = regexp.MustCompile(`\b((?:revoker|process|go)_[a-z_]+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`([a-z_]+)(=~|!~|!=|=)\\?"([^"\\]*)`)
	grouping = regexp.MustCompile(`\bby \(([^)]*)\)`)
)

// outside are labels that Prometheus or a rule gives.
var outside = []string{"instance", "job", "le"}

// open are labels whose values are not known beforehand.
var open = []string{"queue", "batch", "instance", "job", "version", "revision", "go_version"}

// TestRulesAndDashboardAskForWhatThereIs compares every metric, every label and
// every value that a query names with what a worker shows.
func TestRulesAndDashboardAskForWhatThereIs(t *testing.T) {
	t.Parallel()
	there := scraped(t)
	used := make(map[string]bool)
	for _, file := range []string{"prometheus/rules.yaml", "prometheus/rules_test.yaml", "grafana/revoker.json"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range selector.FindAllStringSubmatch(string(text), -1) {
			labels, exists := there[found[1]]
			if slices.Contains(open, found[1]) {
				continue // a label in a grouping
			}
			if !exists {
				t.Errorf("%s: there is no metric %s", file, found[1])
				continue
			}
			used[found[1]] = true
			for _, asked := range matcher.FindAllStringSubmatch(found[2], -1) {
				checkMatcher(t, file+": "+found[0], labels, asked)
			}
		}
	}
	for name := range there {
		family := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_count"), "_sum")
		if strings.HasPrefix(name, "revoker_") && !used[family] && !used[family+"_count"] {
			t.Errorf("%s is neither in an alert nor on the dashboard", name)
		}
	}
}

// checkMatcher checks a label, and of the values that it is compared with those
// that can be known.
func checkMatcher(t *testing.T, where string, labels map[string][]string, asked []string) {
	t.Helper()
	name, value := asked[1], asked[3]
	values, exists := labels[name]
	if !exists && !slices.Contains(outside, name) {
		t.Errorf("%s: there is no label %s", where, name)
		return
	}
	if slices.Contains(open, name) || slices.Contains(outside, name) {
		return
	}
	for word := range strings.SplitSeq(value, "|") {
		if !strings.ContainsAny(word, "$.*+(") && !slices.Contains(values, word) {
			t.Errorf("%s: %s is never %q, only %q", where, name, word, slices.Compact(slices.Sorted(slices.Values(values))))
		}
	}
}

// The dashboard shows attempts by each reason for which a receipt waits.
func TestDashboardShowsEveryReasonToWait(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("grafana/revoker.json")
	if err != nil {
		t.Fatal(err)
	}
	var reasons []string
	for _, reason := range outcome.RetryingReasons() {
		reasons = append(reasons, string(reason))
	}
	if all := strings.Join(reasons, "|"); !strings.Contains(string(text), all) {
		t.Errorf("no query of grafana/revoker.json has the reasons %s", all)
	}
}

// TestGroupingsNameLabels finds labels that no metric has in "by (…)".
func TestGroupingsNameLabels(t *testing.T) {
	t.Parallel()
	known := slices.Clone(outside)
	for _, labels := range scraped(t) {
		known = slices.AppendSeq(known, maps.Keys(labels))
	}
	for _, file := range []string{"prometheus/rules.yaml", "grafana/revoker.json"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		groupings := grouping.FindAllStringSubmatch(string(text), -1)
		if len(groupings) == 0 {
			t.Errorf("%s has no grouping", file)
		}
		for _, found := range groupings {
			for name := range strings.SplitSeq(found[1], ",") {
				if !slices.Contains(known, strings.TrimSpace(name)) {
					t.Errorf("%s: %s: no metric has a label %s", file, found[0], name)
				}
			}
		}
	}
}
