package traces_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"receiptrevoker/cmd/internal/traces"
)

// environment returns a function that looks up as [os.Getenv] does.
func environment(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

// start returns tracers that stop with the test, or why there are none.
func start(t *testing.T, variables map[string]string) (*traces.Tracers, error) {
	t.Helper()
	tracers, err := traces.Start(t.Context(), environment(variables), func(err error) { t.Errorf("not sent: %v", err) })
	return tracers, err
}

func TestNothingIsSentUnlessAskedFor(t *testing.T) {
	t.Parallel()
	const somewhere = "http://127.0.0.1:1"
	for name, variables := range map[string]map[string]string{
		"unset":    {},
		"none":     {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": somewhere},
		"disabled": {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": somewhere},
	} {
		tracers, err := start(t, variables)
		if err != nil || tracers.Sending() {
			t.Errorf("%s: sending %t, %v", name, err == nil && tracers.Sending(), err)
			continue
		}
		if _, span := tracers.Tracer("").Start(t.Context(), "span"); span.SpanContext().IsValid() {
			t.Errorf("%s: there is a span", name)
		}
		tracers.Stop(t.Context())
	}
}

func TestWrongVariableIsNamed(t *testing.T) {
	t.Parallel()
	for want, variables := range map[string]map[string]string{
		`OTEL_TRACES_EXPORTER "zipkin" must be otlp or none`: {"OTEL_TRACES_EXPORTER": "zipkin"},
		"OTEL_EXPORTER_OTLP_ENDPOINT must be an http(s) URL": {"OTEL_EXPORTER_OTLP_ENDPOINT": "user:secret@host"},
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be an http": {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "localhost:4318"},
		`OTEL_EXPORTER_OTLP_PROTOCOL "grpc" must be http/`: {
			"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
		},
		`OTEL_EXPORTER_OTLP_TRACES_PROTOCOL "grpc" must be`: {
			"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc",
			"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
		},
	} {
		_, err := start(t, variables)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestSpansAreSentWhereTheEnvironmentSays(t *testing.T) {
	t.Parallel()
	type request struct {
		path  string
		spans *collector.ExportTraceServiceRequest
	}
	requests := make(chan request, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		spans := &collector.ExportTraceServiceRequest{}
		if err == nil {
			err = proto.Unmarshal(body, spans)
		}
		if err != nil {
			t.Error(err)
		}
		requests <- request{r.URL.Path, spans}
	}))
	defer server.Close()
	for want, variables := range map[string]map[string]string{
		"/v1/traces": {"OTEL_EXPORTER_OTLP_ENDPOINT": server.URL + "/"},
		"/spans": {
			"OTEL_EXPORTER_OTLP_ENDPOINT":        "http://127.0.0.1:1",
			"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": server.URL + "/spans",
		},
	} {
		tracers, err := start(t, variables)
		if err != nil {
			t.Fatal(err)
		}
		_, span := tracers.Tracer("").Start(t.Context(), "a span")
		span.End()
		tracers.Stop(t.Context()) // waits until it is sent
		got := <-requests
		sent := got.spans.GetResourceSpans()
		if got.path != want || len(sent) != 1 || sent[0].GetScopeSpans()[0].GetSpans()[0].GetName() != "a span" {
			t.Errorf("got %s, %v; want the span at %s", got.path, sent, want)
		}
		service := ""
		for _, attribute := range sent[0].GetResource().GetAttributes() {
			if attribute.GetKey() == "service.name" {
				service = attribute.GetValue().GetStringValue()
			}
			if strings.Contains(attribute.GetKey(), "command") {
				t.Errorf("%s may bear a password", attribute.GetKey())
			}
		}
		if service != "revoker" {
			t.Errorf("the service is %q", service)
		}
	}
}
