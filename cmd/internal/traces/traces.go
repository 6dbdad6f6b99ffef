// Package traces sends spans to where the standard environment variables of OpenTelemetry
// say, and nowhere if they say nothing.
//
// It knows OTLP over HTTP alone, which every collector takes. OpenTelemetry's own choice
// among all exporters, its package autoexport, would bring 38 more modules, gRPC and a
// second client of Prometheus among them, and 7 MB into the program.
//
// The variables are named in OpenTelemetry's specification, "Environment Variable
// Specification" and "OTLP Exporter Configuration". A variable that is wrong ends a command
// with 2: spans that are sent nowhere would be missed only when they are needed.
package traces

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// stopTimeout bounds how long the last spans may take to be sent. A collector that is away
// must not keep a worker from ending; Kubernetes kills one that takes too long.
const stopTimeout = 5 * time.Second

// Tracers make spans, which are sent or cost nothing. They are given to the worker, to
// package enqueue and to PortOne's client.
type Tracers struct {
	trace.TracerProvider
	// sending is the same provider, nil if spans are not sent.
	sending *sdk.TracerProvider
}

// Start returns the tracers that the environment asks for. They do nothing, at no cost,
// unless OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set, or
// OTEL_TRACES_EXPORTER is otlp. It does not connect: a collector that is away is told to
// warn, later.
//
// OpenTelemetry has one handler of errors for the whole process, which warn becomes, from
// other goroutines. So Start is called once for a command. An error names the variable and
// does not repeat an address, which may have a password.
//
// The sampler, the resource, headers, certificates and timeouts are what OpenTelemetry's
// other variables say; its own packages read these from the process's environment, not by
// getenv.
func Start(ctx context.Context, getenv func(string) string, warn func(error)) (*Tracers, error) {
	asked, err := wanted(getenv)
	if err != nil {
		return nil, err
	}
	// The no-op provider makes spans without an ID of their own: a trace that a task brings
	// along is kept, and none is begun.
	if !asked {
		return &Tracers{TracerProvider: noop.NewTracerProvider()}, nil
	}
	options, err := endpoint(getenv)
	if err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	// resource.WithProcess is left out on purpose: it records the command line, whose
	// arguments may have a password.
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "revoker")),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(warn))
	// Spans are sent in batches by a goroutine of their own: a slow collector delays no
	// revocation, and where it is too slow spans are dropped.
	sending := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &Tracers{sending, sending}, nil
}

// Stop sends the last spans, within [stopTimeout], although ctx is mostly done by then:
// Ctrl-C has ended it. Spans that end afterwards are lost.
func (t *Tracers) Stop(ctx context.Context) {
	if t.sending == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := t.sending.Shutdown(ctx); err != nil {
		otel.Handle(fmt.Errorf("the last spans: %w", err))
	}
}

// Sending reports whether spans are sent at all, for the line that a worker logs at its
// start.
func (t *Tracers) Sending() bool { return t.sending != nil }

// wanted reports whether the environment asks for traces. By the specification
// OTEL_TRACES_EXPORTER is otlp by default; here it takes an endpoint as well, or every
// worker without a collector would try localhost:4318 and warn without end.
func wanted(getenv func(string) string) (bool, error) {
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") {
		return false, nil
	}
	switch exporter := getenv("OTEL_TRACES_EXPORTER"); exporter {
	case "none":
		return false, nil
	// Whoever asks for otlp by name may leave the endpoint to its default.
	case "otlp":
	case "":
		if getenv(anyEndpoint) == "" && getenv(tracesEndpoint) == "" {
			return false, nil
		}
	// Another exporter, such as zipkin or console, is refused and not ignored: its spans
	// would be missed.
	default:
		return false, fmt.Errorf("OTEL_TRACES_EXPORTER %q must be otlp or none", exporter)
	}
	return true, checkProtocol(getenv)
}

// checkProtocol refuses gRPC, which this program does not speak: its port is another one,
// 4317 by convention. The exporter itself reads from the environment whether spans go as
// protobuf or JSON.
func checkProtocol(getenv func(string) string) error {
	name := "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"
	if getenv(name) == "" {
		name = "OTEL_EXPORTER_OTLP_PROTOCOL"
	}
	switch protocol := getenv(name); protocol {
	case "", "http/protobuf", "http/json":
		return nil
	default:
		return fmt.Errorf("%s %q must be http/protobuf or http/json; collectors take those on port 4318", name, protocol)
	}
}

const (
	// anyEndpoint is the base URL of all signals, to which /v1/traces is appended.
	anyEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	// tracesEndpoint is the URL of traces, which outranks it and is used as it is.
	tracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
)

// endpoint returns where spans are sent, nothing for OpenTelemetry's default. It checks the
// URL before OpenTelemetry does, which would only log that it cannot be parsed and then
// send to localhost. What is appended follows "OTLP Exporter Configuration", Endpoint URLs
// for OTLP/HTTP.
func endpoint(getenv func(string) string) ([]otlptracehttp.Option, error) {
	name, path := tracesEndpoint, ""
	if getenv(name) == "" {
		name, path = anyEndpoint, "/v1/traces"
	}
	address := getenv(name)
	if address == "" {
		return nil, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%s must be an http(s) URL such as http://127.0.0.1:4318", name)
	}
	// A slash at the end of the variable must not become two.
	return []otlptracehttp.Option{otlptracehttp.WithEndpointURL(strings.TrimSuffix(address, "/") + path)}, nil
}
