package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/internal/benchredis"
)

// listen returns all commands by which a client asks for the list as a batch, as Redis' protocol has
// them. It asks for the list twice and keeps what it heard the second time: the first time go-redis
// sends a script's whole text after a NOSCRIPT, and the second time EVALSHA alone.
func (b *bench) listen(ctx context.Context) ([]byte, error) {
	client := redis.NewClient(benchredis.Options(b.redis.Addr))
	defer client.Close()
	var h heard
	client.AddHook(&h)
	for range 2 { // the first time Redis is told what scripts say
		// The commands of the first time are dropped.
		h.forget()
		if err := errors.Join(b.redis.Empty(ctx), fanoutAsk(ctx, client, b.lines)); err != nil {
			return nil, err
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return bytes.Clone(h.commands.Bytes()), nil
}

// heard is a hook of go-redis that keeps commands as Redis' protocol (RESP) has them:
// "*2\r\n$4\r\nPING\r\n…".
type heard struct {
	mu       sync.Mutex
	commands bytes.Buffer
}

// DialHook changes nothing. It is there since [redis.Hook] asks for it.
func (h *heard) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook keeps a command that is sent alone.
func (h *heard) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.keep(cmd)
		return next(ctx, cmd)
	}
}

// ProcessPipelineHook keeps the commands of a pipeline. Several goroutines may call it at once.
func (h *heard) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		h.keep(commands...)
		return next(ctx, commands)
	}
}

// forget drops what was heard so far.
func (h *heard) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.commands.Reset()
}

// keep appends commands. It leaves out PUBLISH, by which producers wake workers: it changes nothing in
// Redis, and is sent as often as Redis answers, so that a replay would have another number of them than
// a batch.
func (h *heard) keep(commands ...redis.Cmder) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, command := range commands {
		if command.Name() == "publish" {
			continue
		}
		fmt.Fprintf(&h.commands, "*%d\r\n", len(command.Args()))
		for _, arg := range command.Args() {
			// go-redis accepts arguments of many types. Those here are texts, bytes and numbers, which
			// fmt writes as go-redis does.
			text, ok := arg.([]byte)
			if !ok {
				text = fmt.Append(nil, arg)
			}
			fmt.Fprintf(&h.commands, "$%d\r\n%s\r\n", len(text), text)
		}
	}
}

const (
	// recordingTakes is how much time Redis takes at least to record the lines of one step, far more
	// than to enqueue a task. Redis logs what takes longer.
	recordingTakes = 200 * time.Microsecond
	// mostKept is how many slow commands Redis keeps, more than a list has steps.
	mostKept = 10_000
	// fewArgs tells the two kinds of slow commands apart: a command that enqueues a task has as many
	// arguments at most. Of longer ones Redis' slow log keeps the first 32, see SLOWLOG_ENTRY_MAX_ARGC
	// in its slowlog.h.
	fewArgs = 31
)

// replay sends to Redis in one go what a batch has sent, and waits for no reply before the end: no
// client can be faster than one that never waits. It returns how many lines it was a second, and how
// long Redis took to record the lines of one step, during which all other clients wait: Redis carries
// out one script at a time.
func (b *bench) replay(ctx context.Context, commands []byte) (rate float64, recording time.Duration, err error) {
	if err := b.redis.Empty(ctx); err != nil {
		return 0, 0, err
	}
	client := b.redis.Client
	// Redis' slow log tells how long its own work took, without the way to it.
	slow := client.ConfigSet(ctx, "slowlog-log-slower-than", fmt.Sprint(recordingTakes.Microseconds()))
	kept := client.ConfigSet(ctx, "slowlog-max-len", fmt.Sprint(mostKept))
	if err := errors.Join(slow.Err(), kept.Err(), client.Do(ctx, "slowlog", "reset").Err()); err != nil {
		return 0, 0, err
	}
	began := time.Now()
	if err := sendAll(ctx, b.redis.Addr, commands); err != nil {
		return 0, 0, err
	}
	rate = float64(b.lines) / time.Since(began).Seconds()
	log, err := client.SlowLogGet(ctx, mostKept).Result()
	if err != nil {
		return 0, 0, err
	}
	steps := 0
	for _, entry := range log {
		if len(entry.Args) > fewArgs {
			recording += entry.Duration
			steps++
		}
	}
	if steps == 0 {
		return 0, 0, errors.New("the run is void: Redis tells of no command that records lines")
	}
	return rate, recording / time.Duration(steps), b.checkPending(ctx, b.lines)
}

// sendAll sends commands and returns once Redis has carried them out. It closes its half of the
// connection after the last one, whereupon Redis closes the other half: that ends the reading.
func sendAll(ctx context.Context, addr string, commands []byte) error {
	// A plain connection and not go-redis, which would wait for replies.
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	// Replies are read while commands are written. Otherwise they would pile up in Redis, whose memory
	// would grow.
	sent := make(chan error, 1)
	go func() {
		_, err := conn.Write(commands)
		sent <- errors.Join(err, conn.(*net.TCPConn).CloseWrite())
	}()
	_, err = io.Copy(io.Discard, conn)
	return errors.Join(<-sent, err)
}
