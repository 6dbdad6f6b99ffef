package worker

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks/backlog"
)

const (
	// archiveCut is how many archived tasks say that there may have been more:
	// sweeps leave far fewer, and Asynq cuts an archive at 10,000. Where a person
	// archives all tasks of a queue, those that are cut off stay in Redis, in no
	// list and with their IDs taken.
	archiveCut = 9_000
	// archiveRoom is up to how many archived tasks they are put back.
	archiveRoom = 5_000
	// searchEvery is how often one process searches the same queue at most.
	searchEvery = 5 * time.Minute
	// searchPage is about how many keys are looked at in one round trip.
	searchPage = 1_000
)

//go:embed restore.lua
var restoreSource string

var restoreScript = redis.NewScript(restoreSource)

// search puts the tasks back that archives have lost, from where they are
// settled like all others. Searching goes through all keys of a Redis, so that
// it is done only where an archive was full.
func (s *sweeper) search(ctx context.Context) error {
	queues, err := s.outcomes.CutArchives(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, queue := range queues {
		if time.Since(s.searched[queue]) < searchEvery {
			continue
		}
		whole, err := s.searchQueue(ctx, queue)
		if whole && err == nil {
			s.searched[queue] = time.Now()
			err = s.outcomes.ClearCut(ctx, queue)
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

// searchQueue reports whether nothing is missing from a queue's archive any
// more.
func (s *sweeper) searchQueue(ctx context.Context, queue string) (whole bool, err error) {
	node, err := s.nodeOf(ctx, queue)
	if err != nil {
		return false, err
	}
	prefix := backlog.Key(queue, "t:")
	pattern := literally.Replace(prefix) + "*"
	for cursor := uint64(0); ctx.Err() == nil; {
		s.beat()
		keys, next, err := node.Scan(ctx, cursor, pattern, searchPage).Result()
		if err != nil {
			return false, fmt.Errorf("search %s for tasks that its archive has lost: %w", queue, err)
		}
		ids := make([]string, len(keys))
		for i, key := range keys {
			ids[i] = strings.TrimPrefix(key, prefix)
		}
		if full, err := s.restore(ctx, queue, ids); full || err != nil {
			return false, err
		}
		if cursor = next; cursor == 0 {
			return true, nil
		}
	}
	return false, ctx.Err()
}

// nodeOf returns the node that holds the keys of a queue.
func (s *sweeper) nodeOf(ctx context.Context, queue string) (redis.Cmdable, error) {
	cluster, ok := s.redis.(*redis.ClusterClient)
	if !ok {
		return s.redis, nil
	}
	master, err := cluster.MasterForKey(ctx, backlog.Key(queue, "archived"))
	if err != nil {
		return nil, fmt.Errorf("find the node of %s: %w", queue, err)
	}
	return master, nil
}

// literally lets a pattern of Redis mean what is written.
var literally = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

// restore puts those of the tasks back into a queue's archive that say that they
// are there and are not. It reports whether there was no room for all.
func (s *sweeper) restore(ctx context.Context, queue string, ids []string) (full bool, err error) {
	if len(ids) == 0 {
		return false, nil
	}
	args := []any{backlog.Key(queue, "t:"), time.Now().Unix(), archiveRoom}
	for _, id := range ids {
		args = append(args, id)
	}
	reply, err := restoreScript.Run(ctx, s.redis, []string{backlog.Key(queue, "archived")}, args...).Int64Slice()
	if err != nil {
		return false, fmt.Errorf("put tasks back into the archive of %s: %w", queue, err)
	}
	if reply[0] > 0 {
		s.log.Warn("found again: Asynq's archive had lost them", "queue", queue, "tasks", reply[0])
	}
	return reply[1] == 1, nil
}

// restoreAll does so for tasks in many queues.
func (s *sweeper) restoreAll(ctx context.Context, lost []place) error {
	byQueue := make(map[string][]string)
	for _, at := range lost {
		byQueue[at.queue] = append(byQueue[at.queue], at.id)
	}
	var problems []error
	for queue, ids := range byQueue {
		s.beat()
		_, err := s.restore(ctx, queue, ids)
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}
