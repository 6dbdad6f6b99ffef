package main

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"receiptrevoker/bench/internal/benchredis"
)

func TestParseRate(t *testing.T) {
	t.Parallel()
	const (
		header = `"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms",` +
			`"p99_latency_ms","max_latency_ms"` + "\n"
		latencies = `"0.2","0.1","0.2","0.3","0.4","0.5"` + "\n"
	)
	for name, test := range map[string]struct {
		output string
		want   float64 // 0 for an error
	}{
		"a plain command":        {header + `"PING","123456.79",` + latencies, 123456.79},
		"a command with quotes":  {header + `"EVALSHA {"a":"1","b":"2"} x","5000.00",` + latencies, 5000},
		"a command of two lines": {header + "\"EVALSHA \n\x0ereceipt:revoke\",\"250000.00\"," + latencies, 250000},
		"without latencies":      {"\"test\",\"rps\"\n\"PING\",\"7.50\"\n", 7.5},
		"nothing":                {"", 0},
		"the header alone":       {header, 0},
		"an error":               {"Error: Connection refused\n", 0},
		"fields missing":         {header + `"PING","1.00"` + "\n", 0},
		"not a number":           {header + `"PING","nan rps",` + latencies, 0},
		"no rate":                {header + `"PING","0.00",` + latencies, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseRate(test.output)
			if got != test.want || (err == nil) != (test.want > 0) {
				t.Errorf("got %v and %v, want %v", got, err, test.want)
			}
		})
	}
}

func TestRandomized(t *testing.T) {
	t.Parallel()
	id := "revoke:imp_000000000041"
	got := randomized("5a1", []string{"2", "asynq:{q}:t:" + id, "asynq:{q}:pending", "\n\x0f" + id + "\x12", id, "17"},
		"imp_000000000041")
	random := "revoke:imp_" + randomID
	want := []string{
		"EVALSHA", "5a1", "2", "asynq:{q}:t:" + random, "asynq:{q}:pending", "\n\x0f" + id + "\x12", random, "17",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("randomized (-want +got):\n%s", diff)
	}
}

// TestEnqueueCommand checks that what redis-benchmark is given does what Asynq
// does, and takes as many bytes.
func TestEnqueueCommand(t *testing.T) {
	t.Parallel()
	server, err := benchredis.Start(t.Context(), "", benchredis.InMemory...)
	skipWithoutRedis(t, err)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	b := &bench{settings: settings{lines: 100, log: io.Discard}, redis: server}
	command, err := b.enqueueCommand(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(command) != 8 || !strings.HasSuffix(command[3], randomID) || command[6] != "revoke:imp_"+randomID {
		t.Fatalf("got %q; want a script's digest, 2 keys and 3 arguments, with an ID at random", command)
	}
	args := make([]any, len(command))
	for i, arg := range command {
		args[i] = strings.ReplaceAll(arg, randomID, "000000000007")
	}
	if done, err := server.Client.Do(t.Context(), args...).Int(); err != nil || done != 1 {
		t.Fatalf("the command answered %d, %v; want 1", done, err)
	}
	if err := b.checkPending(t.Context(), 2, 0); err != nil { // Asynq's own task is the other one
		t.Error(err)
	}
	message := func(i int) string {
		t.Helper()
		key := strings.Replace(command[3], randomID, impUID(i)[len("imp_"):], 1)
		text, err := server.Client.HGet(t.Context(), key, "msg").Result()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if got, want := message(7), message(99); got != want {
		t.Errorf("got the message %q, want %q", got, want)
	}
}

// TestRecordCommand checks that what redis-benchmark is given records a whole chunk, and
// another one each time.
func TestRecordCommand(t *testing.T) {
	t.Parallel()
	server, err := benchredis.Start(t.Context(), "", benchredis.InMemory...)
	skipWithoutRedis(t, err)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	b := &bench{settings: settings{lines: 250, log: io.Discard}, redis: server}
	command, lines, err := b.recordCommand(t.Context())
	if err != nil || lines != b.lines {
		t.Fatalf("got a command that records %d lines, and %v; want %d", lines, err, b.lines)
	}
	if strings.Contains(strings.Join(command, " "), "\x00") {
		t.Error("got a zero byte, which no process can be given")
	}
	for run := range 2 {
		args := make([]any, len(command))
		for i, arg := range command {
			args[i] = strings.ReplaceAll(arg, randomID, fmt.Sprintf("%d%011d", run+1, i))
		}
		asked, err := server.Client.Do(t.Context(), args...).StringSlice()
		if err != nil || asked[3] != strings.Repeat("q", lines) {
			t.Fatalf("the command answered %q, %v; want %d new requests", asked, err, lines)
		}
	}
	// Asking for the list, from which the command was learned, recorded it as well.
	if open := server.Client.ZCard(t.Context(), "{receipt}:open").Val(); open != int64(3*lines) {
		t.Errorf("got %d requests recorded, want %d", open, 3*lines)
	}
}

func TestPerCall(t *testing.T) {
	t.Parallel()
	for stats, want := range map[string]time.Duration{
		"calls=5,usec=61,usec_per_call=12.20,rejected_calls=0,failed_calls=0": 12200 * time.Nanosecond,
		"calls=1,usec=3,usec_per_call=3.00":                                   3 * time.Microsecond,
		"":                                                                    -1,
		"calls=1,usec_per_call=many":                                          -1,
	} {
		got, err := perCall(stats)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("perCall(%q): got %v, want %v", stats, got, want)
		}
	}
}
