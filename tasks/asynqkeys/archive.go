package asynqkeys

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
)

// ArchivePage is how many archived tasks are read at a time.
const ArchivePage = 500

// ArchivedTask is a task in the archive of a queue.
type ArchivedTask struct {
	*asynq.TaskInfo
	// At is when it was archived, in whole seconds; zero where an archive that was too full
	// has dropped it.
	At time.Time
}

// Refused reports whether its handler had the task archived, and not a person: by what it told Asynq.
func (t ArchivedTask) Refused() bool { return strings.HasSuffix(t.LastErr, asynq.SkipRetry.Error()) }

// GaveUp reports whether Asynq archived the task because it had no retries left.
// One that a person archives fails at no such moment.
func (t ArchivedTask) GaveUp() bool {
	return t.Retried >= t.MaxRetry && !t.LastFailedAt.IsZero() && t.LastFailedAt.Equal(t.At)
}

// LogsExhausted reports whether a line of Asynq's log says that a task has no retries left.
func LogsExhausted(line string) bool { return strings.HasPrefix(line, "Retry exhausted") }

// CountArchived returns how many tasks the archive has.
func (r Recovery) CountArchived(ctx context.Context) (int64, error) {
	size, err := r.Redis.ZCard(ctx, Key(r.Queue, "archived")).Result()
	if err != nil {
		return 0, fmt.Errorf("count the archive of %s: %w", r.Queue, err)
	}
	return size, nil
}

// Archived returns a page of the archive, oldest first, from a multiple of [ArchivePage] on,
// and the IDs of those of its tasks that Asynq cannot read.
func (r Recovery) Archived(ctx context.Context, start int64) (page []ArchivedTask, unreadable []string, err error) {
	members, err := r.Redis.ZRangeWithScores(ctx, Key(r.Queue, "archived"), start, start+ArchivePage-1).Result()
	if err != nil {
		return nil, nil, fmt.Errorf("list the archive of %s: %w", r.Queue, err)
	}
	infos, err := r.Inspector.ListArchivedTasks(r.Queue, asynq.PageSize(ArchivePage), asynq.Page(int(start/ArchivePage)+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read the archive of %s: %w", r.Queue, err)
	}
	readable := make(map[string]*asynq.TaskInfo, len(infos))
	for _, info := range infos {
		readable[info.ID] = info
	}
	for _, member := range members {
		id, _ := member.Member.(string)
		if info := readable[id]; info != nil && id != "" {
			info.Queue = r.Queue
			page = append(page, ArchivedTask{TaskInfo: info, At: time.Unix(int64(member.Score), 0)})
		} else {
			unreadable = append(unreadable, id)
		}
	}
	return page, unreadable, nil
}

// ArchivedTask returns one task that is archived. The error is [Gone] if there is none.
func (r Recovery) ArchivedTask(ctx context.Context, id string) (ArchivedTask, error) {
	info, err := r.Inspector.GetTaskInfo(r.Queue, id)
	if err != nil {
		return ArchivedTask{}, fmt.Errorf("look at the task %s of %s: %w", id, r.Queue, err)
	}
	info.Queue = r.Queue
	task := ArchivedTask{TaskInfo: info}
	archived, err := r.Redis.ZScore(ctx, Key(r.Queue, "archived"), id).Result()
	if err == nil {
		task.At = time.Unix(int64(archived), 0)
	} else if !errors.Is(err, redis.Nil) {
		return ArchivedTask{}, fmt.Errorf("look for the task %s in the archive of %s: %w", id, r.Queue, err)
	}
	return task, nil
}
