package iamport

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Exchange is a call that has ended: one request, of which a token that is
// refused makes two.
type Exchange struct {
	Op Op
	// Status is the answer's HTTP status, 0 if there was none.
	Status int
	// Took is the time from before the request to after the answer's last byte.
	Took time.Duration
	// Err is why the call did not succeed, nil if it did.
	Err *Error
}

// do makes one call and reports it to [Config.OnCall] and to the trace.
func (c *Client) do(ctx context.Context, call call) *Error {
	ctx, span := c.tracer.Start(ctx, call.method+" "+call.route, trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	began := time.Now()
	failure := c.exchange(ctx, call)
	c.heard(call.op, began, failure)
	ended := Exchange{Op: call.op, Status: http.StatusOK, Took: time.Since(began), Err: failure}
	if failure != nil {
		ended.Status = failure.Status
	}
	c.config.OnCall(ended)
	if span.IsRecording() {
		call.describe(span, ended)
	}
	return failure
}

// describe gives a span what OpenTelemetry's conventions ask of an HTTP
// client's.
func (c call) describe(span trace.Span, ended Exchange) {
	span.SetAttributes(attribute.String("http.request.method", c.method), attribute.String("url.template", c.route))
	if c.impUID != "" {
		span.SetAttributes(attribute.String("imp_uid", c.impUID))
	}
	if ended.Status != 0 {
		span.SetAttributes(attribute.Int("http.response.status_code", ended.Status))
	}
	if ended.Err != nil {
		span.SetStatus(codes.Error, ended.Err.Error())
	}
}
