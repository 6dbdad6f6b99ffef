package metrics_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/metrics"
)

// fake is a worker of which all is known.
type fake struct {
	err   error
	hangs bool // PortOne does not answer
	gates map[gate.Name]gate.State
}

func (f *fake) Ready(ctx context.Context) error {
	if f.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return f.err
}

func (f *fake) Gates() map[gate.Name]gate.State { return f.gates }

// page is what /metrics answered: a value for each series, which is written as
// Prometheus writes it, with its labels in order.
type page struct {
	series map[string]float64
	names  []string // of metrics, with the names of their labels
	text   string
}

func subject(client redis.UniversalClient, worker metrics.Worker) metrics.Subject {
	return metrics.Subject{Redis: client, Outcomes: outcome.NewStore(client, outcome.Config{}), Worker: worker}
}

// scrape asks as Prometheus does. It ends no test, so that any goroutine may.
func scrape(t *testing.T, handler http.Handler) page {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if recorder.Code != http.StatusOK {
		t.Errorf("HTTP %d: %s", recorder.Code, recorder.Body)
	}
	p := page{series: make(map[string]float64), text: recorder.Body.String()}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(p.text))
	if err != nil {
		t.Error(err)
	}
	for name, family := range families {
		if family.GetHelp() == "" {
			t.Errorf("%s has no help", name)
		}
		for _, metric := range family.GetMetric() {
			p.add(family, metric)
		}
	}
	slices.Sort(p.names)
	p.names = slices.Compact(p.names)
	return p
}

// scrapeWhole scrapes until Redis has answered in time, which a busy machine may keep it from.
func scrapeWhole(t *testing.T, handler http.Handler) (p page) {
	t.Helper()
	redistest.Eventually(t, 30*time.Second, "Redis' answers", func() bool {
		p = scrape(t, handler)
		return p.series["revoker_redis_up{}"] == 1
	})
	return p
}

func (p *page) add(family *dto.MetricFamily, metric *dto.Metric) {
	var names, labels []string
	for _, label := range metric.GetLabel() {
		names = append(names, label.GetName())
		labels = append(labels, label.GetName()+`="`+label.GetValue()+`"`)
	}
	slices.Sort(labels)
	slices.Sort(names)
	kind := strings.ToLower(family.GetType().String())
	p.names = append(p.names, family.GetName()+"{"+strings.Join(names, ",")+"} "+kind)
	value := metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + float64(metric.GetHistogram().GetSampleCount())
	p.series[family.GetName()+"{"+strings.Join(labels, ",")+"}"] = value
}

// has returns the series of a metric.
func (p *page) has(name string) (series []string) {
	for one := range p.series {
		if strings.HasPrefix(one, name+"{") {
			series = append(series, one)
		}
	}
	slices.Sort(series)
	return series
}

// want checks the values of series.
func (p *page) want(t *testing.T, values map[string]float64) {
	t.Helper()
	for series, want := range values {
		if got, ok := p.series[series]; !ok || got != want {
			t.Errorf("%s is %v (there: %t), want %v", series, got, ok, want)
		}
	}
}
