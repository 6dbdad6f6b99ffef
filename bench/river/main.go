// River makes the calls of a bare handler with River (github.com/riverqueue/river), a queue in Postgres, as a
// rival in the benchmark. It is a module of its own, so that the product and its tests depend neither on River
// nor on a driver of Postgres.
//
// `river insert` stores jobs for the receipts of a simulated PortOne; `river work` carries jobs out until its
// standard input ends. Both find the database by DATABASE_URL, as the measurement speed sets it
// (bench/river.go).
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

const (
	// chunk is how many jobs one COPY stores.
	chunk = 10_000
	// connections is how many the pool has: River takes a few for itself, and handlers need none.
	connections = 10
	// cooldown is the shortest wait between two fetches that River allows: with its default, of 100 ms, 200 slots
	// are filled ten times a second.
	cooldown = time.Millisecond
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "river:", err)
		os.Exit(1)
	}
}

// run does what the first argument says. Its flags are those of both commands: the measurement gives each the
// ones that it reads.
func run(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("river insert | work", flag.ContinueOnError)
	var (
		count = f.Int("n", 0, "insert: how many jobs")
		url   = f.String("url", "", "work: `URL` of PortOne")
		token = f.String("token", "", "work: access `token`")
		slots = f.Int("slots", 1, "work: calls at a time")
	)
	if len(args) == 0 || args[0] != "insert" && args[0] != "work" {
		return fmt.Errorf("got %q, want insert or work, and flags", args)
	}
	if err := f.Parse(args[1:]); err != nil {
		return err
	}
	config, err := pgxpool.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	config.MaxConns = connections
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	if args[0] == "insert" {
		return insert(ctx, pool, *count)
	}
	return work(ctx, pool, newRevoker(*url, *token, *slots), *slots)
}

// revocation is a job's arguments. River stores them as JSON in the row of the job.
type revocation struct {
	ImpUID string `json:"imp_uid"`
}

// Kind is River's name for this type of job: it stands in the row, and finds the worker for it.
func (revocation) Kind() string { return "receipt_revoke" }

// insert makes River's tables if need be, and stores jobs for the receipts that the simulated PortOne issued
// first. That one numbers them from 0, see portone.Server.Issue: the names have to agree with its own. No
// receipt is stored twice, as long as each run has a Postgres of its own.
func insert(ctx context.Context, pool *pgxpool.Pool, count int) error {
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), nil)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{})
	if err != nil {
		return err
	}
	for first := 0; first < count; first += chunk {
		var jobs []river.InsertManyParams
		for i := first; i < min(first+chunk, count); i++ {
			jobs = append(jobs, river.InsertManyParams{Args: revocation{fmt.Sprintf("imp_%012d", i)}})
		}
		// InsertManyFast is River's fastest way, by COPY: what is measured begins after it, so that it only has
		// to be over.
		if _, err := client.InsertManyFast(ctx, jobs); err != nil {
			return err
		}
	}
	return nil
}

// work carries jobs out until standard input ends, which is when the benchmark wants it to stop, or has died.
func work(ctx context.Context, pool *pgxpool.Pool, worker *revoker, slots int) error {
	workers := river.NewWorkers()
	river.AddWorker(workers, worker)
	client, err := river.NewClient[pgx.Tx](riverpgxv5.New(pool), &river.Config{
		// Everything but the cooldown and the slots is River's default: what is compared is River as its users
		// run it.
		FetchCooldown: cooldown, FetchPollInterval: time.Second, Workers: workers,
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: slots}},
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return err
	}
	if err := client.Start(ctx); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	// River completes jobs in the database many at a time, a little after Work has returned. Stop writes the
	// last of them; without it they would be carried out again, and their cost would not be measured.
	return client.Stop(ctx)
}

// revoker makes the DELETE of a job, as the bare handler of Asynq does (bench/internal/contender/bare.go).
type revoker struct {
	river.WorkerDefaults[revocation]

	url, token string
	client     *http.Client
}

// newRevoker keeps a connection for each slot. net/http keeps two idle ones for each host by default, and would
// dial anew for most calls: that would be measured in place of the queue.
func newRevoker(url, token string, slots int) *revoker {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = slots, slots
	return &revoker{url: url, token: token, client: &http.Client{Transport: transport}}
}

// Work revokes a receipt, and has River write the outcome with the job that it completes: that is River's
// counterpart of the bare handler's one HSET. An error makes River repeat the job by its own schedule; no call
// fails in this measurement.
func (r *revoker) Work(ctx context.Context, job *river.Job[revocation]) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodDelete, r.url+"/receipts/"+job.Args.ImpUID, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+r.token)
	response, err := r.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	// PortOne says with a code of 0 that it did what it was asked for; a status of 200 alone does not say so.
	var answer struct {
		Code *int `json:"code"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || answer.Code == nil || *answer.Code != 0 {
		return fmt.Errorf("HTTP %d: %s", response.StatusCode, body)
	}
	return river.RecordOutput(ctx, map[string]any{
		"status": "revoked", "http_status": http.StatusOK, "updated_at": time.Now().Format(time.RFC3339),
	})
}
