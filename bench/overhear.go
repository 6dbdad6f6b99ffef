package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/internal/benchredis"
	"receiptrevoker/tasks"
)

// enqueueCommand returns the command by which Asynq enqueues a task of the
// list, with the ID at random. Its message stays that of one task.
func (b *bench) enqueueCommand(ctx context.Context) ([]string, error) {
	task, err := fanoutTask(b.lines - 1)
	if err != nil {
		return nil, err
	}
	digest, args, err := b.overhear(ctx, func(client *redis.Client) error {
		_, err := asynq.NewClientFromRedisClient(client).EnqueueContext(ctx, task)
		return err
	})
	return randomized(digest, args, impUID(b.lines-1)), err
}

// recordCommand returns the command that records what a full chunk of the list asks for,
// with the imp_uids at random, and how many lines that is. Each belongs to a batch of
// its own, since a row of one is recorded once.
func (b *bench) recordCommand(ctx context.Context) (command []string, lines int, err error) {
	digest, args, err := b.overhear(ctx, func(client *redis.Client) error {
		return ask(ctx, client, fanoutBatch, b.lines)
	})
	command = []string{"EVALSHA", digest}
	for _, arg := range args {
		switch {
		case arg == fanoutBatch:
			arg += randomID
		case tasks.ValidateImpUID(arg) == nil && strings.HasPrefix(arg, impUIDPrefix):
			arg = impUIDPrefix + randomID
			lines++
		}
		// No process can be given a zero byte, and another digest does as well.
		command = append(command, strings.ReplaceAll(arg, "\x00", "\x01"))
	}
	return command, lines, err
}

// overhear returns the script that is run first, by its digest, and its arguments as
// those of EVAL after the script.
func (b *bench) overhear(ctx context.Context, do func(*redis.Client) error) (digest string, args []string, err error) {
	client := redis.NewClient(benchredis.Options(b.redis.Addr))
	defer client.Close()
	var sent overheard
	client.AddHook(&sent)
	// Redis is told what a script says only if it does not know it.
	if err := errors.Join(b.redis.Empty(ctx), client.ScriptFlush(ctx).Err(), do(client)); err != nil {
		return "", nil, err
	}
	if len(sent.eval) < 2 {
		return "", nil, errors.New("nothing was asked for by a script")
	}
	digest, err = client.ScriptLoad(ctx, sent.eval[1]).Result()
	return digest, sent.eval[2:], err
}

// randomized returns the command that runs a script with other arguments than
// those of EVAL after the script: the ID of the task for an imp_uid is random,
// in its key and by itself.
func randomized(digest string, args []string, impUID string) []string {
	id := tasks.TaskID(impUID)
	random := strings.TrimRight(id, "0123456789") + randomID
	command := []string{"EVALSHA", digest}
	for _, arg := range args {
		if strings.HasSuffix(arg, id) {
			arg = strings.TrimSuffix(arg, id) + random
		}
		command = append(command, arg)
	}
	return command
}

// overheard is a hook that keeps the arguments of the first EVAL.
type overheard struct {
	mu   sync.Mutex
	eval []string
}

// DialHook changes nothing.
func (o *overheard) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook listens.
func (o *overheard) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		for _, cmd := range commands {
			o.listen(cmd)
		}
		return next(ctx, commands)
	}
}

// ProcessHook listens.
func (o *overheard) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		o.listen(cmd)
		return next(ctx, cmd)
	}
}

func (o *overheard) listen(cmd redis.Cmder) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !strings.EqualFold(cmd.Name(), "eval") || o.eval != nil {
		return
	}
	for _, arg := range cmd.Args() {
		if raw, ok := arg.([]byte); ok {
			arg = string(raw)
		}
		o.eval = append(o.eval, fmt.Sprint(arg))
	}
}
