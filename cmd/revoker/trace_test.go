package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/deadletter"
	"receiptrevoker/tasks/outcome"
	"receiptrevoker/worker"
	"receiptrevoker/worker/backoff"
	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/iamport"
	"receiptrevoker/worker/iamport/iamporttest"
)

// traced is an order service and a worker that trace into memory.
type traced struct {
	spans   *tracetest.InMemoryExporter
	service trace.TracerProvider // of the order service; the worker samples as it does
	client  redis.UniversalClient
	queue   *enqueue.Client
	portone *iamporttest.Server
	log     *buffer
}

// newTraced returns them with the given sampler of the order service. The
// worker does not run yet.
func newTraced(t *testing.T, sampler sdk.Sampler) *traced {
	t.Helper()
	x := &traced{
		spans: tracetest.NewInMemoryExporter(), client: redistest.Embedded(t), log: &buffer{},
		portone: iamporttest.New(iamporttest.Config{}),
	}
	t.Cleanup(func() { _ = x.portone.Close() })
	x.service = sdk.NewTracerProvider(sdk.WithSyncer(x.spans), sdk.WithSampler(sampler))
	x.queue = enqueue.NewClient(x.client, enqueue.Config{Tracers: x.service})
	return x
}

// work runs the worker to the end of the test.
func (x *traced) work(t *testing.T) {
	t.Helper()
	server := httptest.NewServer(x.portone)
	t.Cleanup(server.Close)
	tracers := sdk.NewTracerProvider(sdk.WithSyncer(x.spans)) // samples as the parent does, and what has none
	api, err := iamport.NewClient(iamport.Config{
		URL: server.URL, Key: iamporttest.DefaultKey, Secret: iamporttest.DefaultSecret, Tracers: tracers,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := api.Authenticate(t.Context()); err != nil { // so that the token is no part of what follows
		t.Fatal(err)
	}
	x.spans.Reset()
	w, err := worker.New(worker.Config{
		Redis: x.client, API: api, Outcomes: outcome.NewStore(x.client, outcome.Config{}), Poll: 10 * time.Millisecond,
		Schedule: backoff.Schedule{Base: time.Millisecond, Max: time.Millisecond},
		Gate:     gate.Config{Receipts: 10},
		Tracers:  tracers, Log: slog.New(slog.NewJSONHandler(x.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// revoked waits for an imp_uid's outcome, and for the end of its last span.
func (x *traced) revoked(t *testing.T, impUID string) {
	t.Helper()
	o, err := x.queue.Wait(t.Context(), impUID)
	if err != nil || o.Status != outcome.Revoked {
		t.Fatalf("got %+v, %v", o, err)
	}
	x.log.await(t, `"msg":"revoked","imp_uid":"`+impUID+`"`)
}

// tree returns the spans of a trace, those below a span indented after it, with
// what matters of them.
func tree(spans tracetest.SpanStubs, parent trace.SpanID, indent string) []string {
	var lines []string
	for _, span := range spans {
		if span.Parent.SpanID() != parent {
			continue
		}
		line := indent + span.Name
		for _, name := range []string{"imp_uid", "pg", "batch", "attempt", "reason", "http.response.status_code"} {
			for _, attribute := range span.Attributes {
				if string(attribute.Key) == name {
					line += " " + name + "=" + attribute.Value.String()
				}
			}
		}
		lines = append(lines, line)
		lines = append(lines, tree(spans, span.SpanContext.SpanID(), indent+"  ")...)
	}
	return lines
}

// inOrder returns the spans in the order in which they began, once there are so
// many.
func (x *traced) inOrder(t *testing.T, count int) tracetest.SpanStubs {
	t.Helper()
	redistest.Eventually(t, 20*time.Second, fmt.Sprintf("there are %d spans", count), func() bool {
		return len(x.spans.GetSpans()) >= count
	})
	spans := x.spans.GetSpans()
	slices.SortFunc(spans, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	return spans
}

const impUID = "imp_000000000001"

func TestOneTraceFromTheOrderServiceToPortOne(t *testing.T) {
	t.Parallel()
	x := newTraced(t, sdk.AlwaysSample())
	x.portone.Issue(iamporttest.Receipt{ImpUID: impUID, PG: tasks.KCP})
	x.portone.Inject(iamporttest.Rule{Fault: iamporttest.GatewayFailed, Times: 1})
	x.work(t)
	ctx, refund := x.service.Tracer("shop").Start(t.Context(), "refund")
	if _, err := x.queue.Revoke(ctx, tasks.Revocation{ImpUID: impUID, PG: tasks.KCP}); err != nil {
		t.Fatal(err)
	}
	refund.End()
	x.revoked(t, impUID)

	spans := x.inOrder(t, 8)
	want := []string{
		"refund",
		"  enqueue revocation imp_uid=imp_000000000001 pg=kcp",
		"    revoke receipt imp_uid=imp_000000000001 pg=kcp attempt=1 reason=pg_failure",
		"      DELETE /receipts/{imp_uid} imp_uid=imp_000000000001 http.response.status_code=500",
		"      GET /receipts/{imp_uid} imp_uid=imp_000000000001 http.response.status_code=200",
		"    revoke receipt imp_uid=imp_000000000001 pg=kcp attempt=2 reason=revoked",
		"      GET /receipts/{imp_uid} imp_uid=imp_000000000001 http.response.status_code=200",
		"      DELETE /receipts/{imp_uid} imp_uid=imp_000000000001 http.response.status_code=200",
	}
	if diff := cmp.Diff(want, tree(spans, trace.SpanID{}, "")); diff != "" {
		t.Errorf("the trace (-want +got):\n%s", diff)
	}
	traceID := refund.SpanContext().TraceID()
	for _, span := range spans {
		if span.SpanContext.TraceID() != traceID {
			t.Errorf("%s is of another trace", span.Name)
		}
	}
	for _, reason := range []string{"pg_failure", "revoked"} {
		line := `"imp_uid":"` + impUID + `","pg":"kcp","trace_id":"` + traceID.String() + `","attempt":` // its number, then
		rest := `,"reason":"` + reason + `"`
		if log := x.log.String(); !strings.Contains(log, line) || !strings.Contains(log, rest) {
			t.Errorf("no line with %s… and %s in the log:\n%s", line, rest, log)
		}
	}
}

// roots returns the spans that begin a trace.
func roots(spans tracetest.SpanStubs) (roots tracetest.SpanStubs) {
	for _, span := range spans {
		if !span.Parent.IsValid() {
			roots = append(roots, span)
		}
	}
	return roots
}

func TestEachLineOfAListHasATraceOfItsOwn(t *testing.T) {
	t.Parallel()
	x := newTraced(t, sdk.AlwaysSample())
	impUIDs := []string{"imp_000000000001", "imp_000000000002"}
	x.portone.Issue(iamporttest.Receipt{ImpUID: impUIDs[0]}, iamporttest.Receipt{ImpUID: impUIDs[1]})
	x.work(t)
	batch, err := x.queue.Batch("refunds", enqueue.BatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	lines := func(yield func(enqueue.Line) bool) {
		for i, impUID := range impUIDs {
			if !yield(enqueue.Line{Number: i + 1, ImpUID: impUID}) {
				return
			}
		}
	}
	for _, err := range batch.Ask(t.Context(), lines) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, impUID := range impUIDs {
		x.revoked(t, impUID)
	}
	begun := roots(x.inOrder(t, 7))
	if len(begun) != 3 || begun[0].Name != "enqueue list" {
		t.Fatalf("got %d traces, the first of %s; want that of the list and one for each line", len(begun), begun[0].Name)
	}
	list := begun[0].SpanContext
	for _, line := range begun[1:] {
		if len(line.Links) != 1 || line.Links[0].SpanContext.SpanID() != list.SpanID() {
			t.Errorf("%s of a line is not linked to the list's", line.Name)
		}
		below := tree(x.spans.GetSpans(), line.SpanContext.SpanID(), "")
		if len(below) != 2 || !strings.Contains(below[0], "batch=refunds attempt=1 reason=revoked") {
			t.Errorf("below %s: got %q, want its attempt and the call", line.Name, below)
		}
	}
}

func TestRetriedDeadLetterBeginsATrace(t *testing.T) {
	t.Parallel()
	x := newTraced(t, sdk.AlwaysSample())
	x.portone.Issue(iamporttest.Receipt{ImpUID: impUID, PG: tasks.KCP})
	x.portone.Inject(iamporttest.Rule{Fault: iamporttest.NotFound, Times: 1})
	x.work(t)
	if _, err := x.queue.Revoke(t.Context(), tasks.Revocation{ImpUID: impUID, PG: tasks.KCP}); err != nil {
		t.Fatal(err)
	}
	dead, err := x.queue.Wait(t.Context(), impUID)
	if err != nil || dead.Status != outcome.Dead {
		t.Fatalf("got %+v, %v", dead, err)
	}
	x.inOrder(t, 4)
	x.spans.Reset()
	outcomes := outcome.NewStore(x.client, outcome.Config{})
	letters := deadletter.New(x.client, outcomes, deadletter.Config{Tracers: x.service})
	if err := letters.Retry(t.Context(), dead); err != nil {
		t.Fatal(err)
	}
	x.revoked(t, impUID)
	want := []string{
		"retry dead letter imp_uid=imp_000000000001 pg=kcp",
		"  revoke receipt imp_uid=imp_000000000001 pg=kcp attempt=1 reason=revoked",
		"    DELETE /receipts/{imp_uid} imp_uid=imp_000000000001 http.response.status_code=200",
	}
	if diff := cmp.Diff(want, tree(x.inOrder(t, 3), trace.SpanID{}, "")); diff != "" {
		t.Errorf("the trace (-want +got):\n%s", diff)
	}
}

// headers returns what an enqueued task bears.
func (x *traced) headers(t *testing.T) map[string]string {
	t.Helper()
	r := tasks.Revocation{ImpUID: impUID, PG: tasks.KCP}
	task, err := asynq.NewInspectorFromRedisClient(x.client).GetTaskInfo(tasks.QueueOf(r).Name(), tasks.TaskID(impUID))
	if err != nil {
		t.Fatal(err)
	}
	return task.Headers
}

func TestWhatIsNotSampledLeavesNoSpans(t *testing.T) {
	t.Parallel()
	x := newTraced(t, sdk.NeverSample())
	x.portone.Issue(iamporttest.Receipt{ImpUID: impUID, PG: tasks.KCP})
	if _, err := x.queue.Revoke(t.Context(), tasks.Revocation{ImpUID: impUID, PG: tasks.KCP}); err != nil {
		t.Fatal(err)
	}
	if traceparent := x.headers(t)["traceparent"]; !strings.HasSuffix(traceparent, "-00") {
		t.Errorf("the task bears %q, want that it is not sampled", traceparent)
	}
	x.work(t)
	x.revoked(t, impUID)
	if spans := x.spans.GetSpans(); len(spans) > 0 {
		t.Errorf("there are spans: %q", tree(spans, trace.SpanID{}, ""))
	}
}

func TestWithoutTracersATaskBearsNothing(t *testing.T) {
	t.Parallel()
	x := newTraced(t, sdk.AlwaysSample())
	x.queue = enqueue.NewClient(x.client, enqueue.Config{})
	if _, err := x.queue.Revoke(t.Context(), tasks.Revocation{ImpUID: impUID, PG: tasks.KCP}); err != nil {
		t.Fatal(err)
	}
	if headers := x.headers(t); len(headers) > 0 {
		t.Errorf("the task bears %v", headers)
	}
}

// A probe revokes a receipt past its task; it does so in the task's trace.
func TestProbeGoesOnInTheTraceOfItsTask(t *testing.T) {
	t.Parallel()
	x := newTraced(t, sdk.AlwaysSample())
	x.portone.SetOutage(tasks.KCP, true)
	for i := range 30 {
		r := tasks.Revocation{ImpUID: fmt.Sprintf("imp_%012d", i), PG: tasks.KCP}
		x.portone.Issue(iamporttest.Receipt{ImpUID: r.ImpUID, PG: r.PG})
		if _, err := x.queue.Revoke(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	x.work(t)
	x.log.await(t, "gate closed")
	began := x.portone.Stats().DuringOutage
	redistest.Eventually(t, 30*time.Second, "probes are made", func() bool {
		return x.portone.Stats().DuringOutage >= began+2
	})
	x.portone.SetOutage(tasks.KCP, false)
	x.log.await(t, "gate open again")
	for _, span := range x.spans.GetSpans() {
		if span.Name == "revoke receipt" && !span.Parent.IsValid() {
			t.Errorf("an attempt is in no trace: %v", span.Attributes)
		}
	}
}
