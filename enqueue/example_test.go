package enqueue_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/enqueue"
	"receiptrevoker/tasks"
	"receiptrevoker/tasks/outcome"
)

// startRedis stands for the Redis of the workers.
func startRedis() (addr string, stop func()) {
	server, err := miniredis.Run()
	if err != nil {
		log.Fatal(err)
	}
	return server.Addr(), server.Close
}

// An order service asks for one receipt to be revoked when it refunds a
// payment.
func ExampleClient_Revoke() {
	addr, stop := startRedis()
	defer stop()
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	revocations := enqueue.NewClient(client, enqueue.Config{})

	ctx := context.Background()
	for range 2 { // the refund's event is delivered twice
		result, err := revocations.Revoke(ctx, tasks.Revocation{ImpUID: "imp_448280090638", PG: tasks.KCP})
		switch {
		case errors.Is(err, tasks.ErrInvalid):
			log.Fatal("not an imp_uid; no use in trying again: ", err)
		case err != nil:
			log.Fatal("Redis did not answer; try again later: ", err)
		case result.Duplicate:
			fmt.Println("asked for before, it is", result.Status)
		default:
			fmt.Println(result.Status)
		}
	}
	// Output:
	// queued
	// asked for before, it is queued
}

// A refund job asks for many. Results come in the order of the answers.
func ExampleClient_RevokeMany() {
	addr, stop := startRedis()
	defer stop()
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	revocations := enqueue.NewClient(client, enqueue.Config{})

	refunds := []tasks.Revocation{
		{ImpUID: "imp_448280090638", PG: tasks.KCP},
		{ImpUID: "imp_448280090639", PG: tasks.Nice},
		{ImpUID: "imp 448280090640", PG: tasks.Nice},
	}
	queued := 0
	for result := range revocations.RevokeMany(context.Background(), slices.Values(refunds)) {
		if result.Err != nil {
			fmt.Println(result.Err)
			continue
		}
		queued++
	}
	fmt.Println(queued, "queued")
	// Output:
	// invalid revocation: imp_uid "imp 448280090640" contains ' ', only A-Z a-z 0-9 _ and - are allowed
	// 2 queued
}

// A service that must know waits for the outcome, which may take hours while
// a gateway is down.
func ExampleClient_Wait() {
	addr, stop := startRedis()
	defer stop()
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	revocations := enqueue.NewClient(client, enqueue.Config{})

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	o, err := revocations.Wait(ctx, "imp_448280090638")
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		fmt.Println("not yet")
	case err != nil:
		log.Fatal(err)
	case o.Status == outcome.Revoked:
		fmt.Println("revoked at", o.CancelledAt, "as", o.ApplyNum)
	default:
		fmt.Println("given up:", o.Reason, o.Message)
	}
	// Output: not yet
}

// work stands for a worker that revokes a receipt.
func work(client redis.UniversalClient, impUID string) {
	outcomes := outcome.NewStore(client, outcome.Config{})
	attempt, err := outcomes.Begin(context.Background(), tasks.Revocation{ImpUID: impUID}, time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	revoked := outcome.Outcome{Status: outcome.Revoked, Reason: outcome.ReasonRevoked}
	if _, err := outcomes.Finish(context.Background(), attempt, revoked); err != nil {
		log.Fatal(err)
	}
}

// An order service follows all outcomes and keeps its position, here in Redis, best
// beside its orders. Started again, it goes on there.
func ExampleClient_Follow() {
	addr, stop := startRedis()
	defer stop()
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	revocations := enqueue.NewClient(client, enqueue.Config{})
	work(client, "imp_448280090638")
	work(client, "imp_448280090639")

	ctx := context.Background()
	for range 2 { // the service is started twice, and each time stopped after one outcome
		position, err := client.Get(ctx, "orders:position").Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			log.Fatal(err)
		}
		for event, err := range revocations.Follow(ctx, position) {
			switch {
			case errors.Is(err, outcome.ErrMissed):
				log.Print(err) // ask Outcome about every order that still waits
			case err != nil:
				log.Print(err) // Redis is away, or one event cannot be read: it goes on by itself
			default:
				fmt.Println(event.Outcome.ImpUID, event.Outcome.Status) // may come twice
			}
			if err := client.Set(ctx, "orders:position", event.ID, 0).Err(); err != nil {
				log.Print(err) // then some come again
			}
			if err == nil {
				break
			}
		}
	}
	// Output:
	// imp_448280090638 revoked
	// imp_448280090639 revoked
}

// A refund job hands a whole list over. Given again, whatever stopped it, the
// list goes on, and nothing is asked for twice.
func ExampleBatch_Ask() {
	addr, stop := startRedis()
	defer stop()
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	revocations := enqueue.NewClient(client, enqueue.Config{})

	refunds := []enqueue.Line{
		{Number: 1, ImpUID: "imp_448280090638", PG: tasks.KCP},
		{Number: 2, ImpUID: "imp_448280090639", PG: tasks.Nice},
		{Number: 3, ImpUID: "imp_448280090638", PG: tasks.KCP},
		{Number: 4, ImpUID: "imp 448280090640", PG: tasks.Nice},
	}
	ctx := context.Background()
	batch, err := revocations.Batch("refunds-2026-11", enqueue.BatchOptions{Source: "the refund job"})
	if err != nil {
		log.Fatal(err)
	}
	for result, err := range batch.Ask(ctx, slices.Values(refunds)) {
		switch {
		case err != nil:
			log.Fatal("give the list again later: ", err)
		case result.Kind == outcome.KindInvalid:
			fmt.Printf("line %d: %v\n", result.Number, result.Invalid)
		case result.Kind == outcome.KindRepeated:
			fmt.Printf("line %d repeats line %d\n", result.Number, result.First)
		}
	}
	status, err := batch.Status(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d queued, %d revoked, %d still to come\n", status.Queued, status.Revoked, status.Open)
	// Output:
	// line 3 repeats line 1
	// line 4: invalid revocation: imp_uid "imp 448280090640" contains ' ', only A-Z a-z 0-9 _ and - are allowed
	// 2 queued, 0 revoked, 2 still to come
}
