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
		{ImpUID: "imp_448280090638", PG: tasks.KCP, Batch: "refunds-2026-11", Row: 1},
		{ImpUID: "imp_448280090639", PG: tasks.Nice, Batch: "refunds-2026-11", Row: 2},
		{ImpUID: "imp 448280090640", PG: tasks.Nice, Batch: "refunds-2026-11", Row: 3},
	}
	queued := 0
	for result := range revocations.RevokeMany(context.Background(), slices.Values(refunds)) {
		if result.Err != nil {
			fmt.Printf("row %d: %v\n", result.Revocation.Row, result.Err)
			continue
		}
		queued++
	}
	fmt.Println(queued, "queued")
	// Output:
	// row 3: invalid revocation: imp_uid "imp 448280090640" contains ' ', only A-Z a-z 0-9 _ and - are allowed
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
