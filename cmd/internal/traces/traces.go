// Package traces sends spans to where the standard environment variables of
// OpenTelemetry say, and nowhere if they say nothing.
//
// It knows OTLP over HTTP alone, which every collector takes. OpenTelemetry's
// own choice among all exporters would bring as many modules again, gRPC and a
// second client of Prometheus among them, and 7 MB into the program.
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

// stopTimeout bounds how long the last spans may take to be sent.
const stopTimeout = 5 * time.Second

// Tracers make spans that are sent.
type Tracers struct {
	trace.TracerProvider
	sending *sdk.TracerProvider // nil if they are not
}

// Start returns the tracers that the environment asks for. They do nothing, at
// no cost, unless OTEL_EXPORTER_OTLP_ENDPOINT or
// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set, or OTEL_TRACES_EXPORTER is otlp.
// What cannot be sent is told to warn, which serves all of the process.
//
// The sampler, the resource, headers, certificates and timeouts are what
// OpenTelemetry's other variables say.
func Start(ctx context.Context, getenv func(string) string, warn func(error)) (*Tracers, error) {
	asked, err := wanted(getenv)
	if err != nil {
		return nil, err
	}
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
	// Not who started the process and how: its arguments may have a password.
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "revoker")),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(warn))
	sending := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &Tracers{sending, sending}, nil
}

// Stop sends the last spans.
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

// Sending reports whether spans are sent at all.
func (t *Tracers) Sending() bool { return t.sending != nil }

// wanted reports whether the environment asks for traces.
func wanted(getenv func(string) string) (bool, error) {
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") {
		return false, nil
	}
	switch exporter := getenv("OTEL_TRACES_EXPORTER"); exporter {
	case "none":
		return false, nil
	case "otlp":
	case "":
		if getenv(anyEndpoint) == "" && getenv(tracesEndpoint) == "" {
			return false, nil
		}
	default:
		return false, fmt.Errorf("OTEL_TRACES_EXPORTER %q must be otlp or none", exporter)
	}
	return true, checkProtocol(getenv)
}

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
	anyEndpoint    = "OTEL_EXPORTER_OTLP_ENDPOINT"        // of all signals
	tracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" // of traces, which comes first
)

// endpoint returns where spans are sent, nothing for OpenTelemetry's default.
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
	return []otlptracehttp.Option{otlptracehttp.WithEndpointURL(strings.TrimSuffix(address, "/") + path)}, nil
}
