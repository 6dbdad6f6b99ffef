package iamport

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// api makes single calls of PortOne's API, and knows whether they get through.
type api struct {
	config Config
	http   *http.Client
	redact *strings.Replacer
	tracer trace.Tracer

	unanswered *atomic.Bool // whether the last call that has ended had no answer
	receipts   *passage     // whether calls on receipts get through
}

func newAPI(config Config) *api {
	return &api{
		config: config,
		http: &http.Client{
			Transport:     newTransport(config),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		redact:     masking(config.Key, config.Secret),
		tracer:     config.Tracers.Tracer("receiptrevoker/worker/iamport"),
		unanswered: new(atomic.Bool),
		receipts:   new(passage),
	}
}

// newTransport returns a transport that keeps at most config.Connections idle connections.
//
// It speaks HTTP/1.1 alone, where a call that times out takes its connection with it. Calls
// by HTTP/2 share one, which net/http keeps after they have timed out (golang/go#36026,
// golang/go#63422); and a load balancer may answer its pings for a server that is gone. HTTP/2
// would gain nothing here: at 60 and 200 slots and 200 ms a call, both make 96 to 99 % of the
// calls that the slots allow, for 0.05 to 0.09 ms of CPU each.
func newTransport(config Config) *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(true)
	if transport.TLSClientConfig != nil {
		transport.TLSClientConfig.NextProtos = nil // the clone offers HTTP/2 there
	}
	transport.MaxIdleConns = config.Connections
	transport.MaxIdleConnsPerHost = config.Connections
	// Before a proxy cuts it: a DELETE on a connection that was cut has an unknown outcome.
	transport.IdleConnTimeout = 30 * time.Second
	if config.Dial != nil {
		transport.DialContext, transport.Proxy = config.Dial, nil
	}
	return transport
}

// do makes one call and reports it to [Config.OnCall] and to the trace.
func (a *api) do(ctx context.Context, call call) *Error {
	ctx, span := a.tracer.Start(ctx, call.method+" "+call.route, trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	began := time.Now()
	failure := a.exchange(ctx, call)
	a.heard(call.op, began, failure)
	ended := Exchange{Op: call.op, Status: http.StatusOK, Took: time.Since(began), Err: failure}
	if failure != nil {
		ended.Status = failure.Status
	}
	a.config.OnCall(ended)
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

// exchange makes one call within the client's timeout. It returns nil for an
// answer with status 200 and code 0 that could be decoded, and an error for
// every other.
func (a *api) exchange(ctx context.Context, call call) *Error {
	ctx, cancel := context.WithTimeout(ctx, a.config.Timeout)
	defer cancel()
	ctx, link := call.watch(ctx, cancel)
	defer link.end()
	request, err := a.request(ctx, call)
	if err != nil {
		return call.failed(err)
	}
	response, err := a.http.Do(request)
	if err != nil {
		failure := call.failed(link.why(err))
		failure.Sent = link.connected.Load()
		return a.conceal(failure, call.token)
	}
	if failure := call.read(response); failure != nil {
		return a.conceal(failure, call.token)
	}
	return nil
}

func (a *api) request(ctx context.Context, call call) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, call.method, a.config.URL+call.path, call.body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "revoker")
	if call.body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if call.token != "" {
		request.Header.Set("Authorization", "Bearer "+call.token)
	}
	if a.config.Tier != "" {
		request.Header.Set("Tier", a.config.Tier)
	}
	return request, nil
}

// conceal removes what must not be shown from texts of others: the
// message, and the cause, which may quote an answer. It cuts both, since Redis
// and the log keep them with every retry; last, so that no part of a secret is left.
func (a *api) conceal(failure *Error, token string) *Error {
	hide := func(text string) string {
		text = a.redact.Replace(text)
		if token != "" {
			text = strings.ReplaceAll(text, token, mask)
		}
		return cut(text, maxText)
	}
	failure.Message = hide(failure.Message)
	if failure.Err != nil {
		failure.Err = concealError(failure.Err, hide)
	}
	return failure
}

// heard notes whether a call that began at a time had an answer; one whose caller left tells
// nothing. After one that timed out no idle connection is used again: what made one silent,
// such as a router or a load balancer that was replaced, did so to all.
func (a *api) heard(op Op, began time.Time, failure *Error) {
	switch {
	case failure != nil && errors.Is(failure.Err, context.Canceled):
		return
	case failure != nil && errors.Is(failure.Err, context.DeadlineExceeded):
		a.http.CloseIdleConnections()
	}
	if op != OpToken {
		a.receipts.note(began, failure)
	}
	a.unanswered.Store(failure != nil && failure.Status == 0)
}
