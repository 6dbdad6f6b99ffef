package fetch

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
)

const (
	kcp     = "receipts-kcp"
	bulkKCP = "receipts-bulk-kcp"
	nice    = "receipts-nice"
)

// next plays a server that asks for a task, and a Redis whose queues hold tasks without end if they are full. It
// returns of which queue the task is, empty if there is none to be had.
func next(t *testing.T, c *choice, full map[string]bool) string {
	t.Helper()
	for range 100 {
		task, from, times, signs := c.give()
		if task == nil && from != "" {
			var tasks []*redis.Cmd
			for range times {
				if full[from] {
					tasks = append(tasks, redis.NewCmd(t.Context()))
				}
			}
			task = c.take(from, tasks, full[from], !full[from], signs)
		}
		if task != nil || from == "" {
			return from
		}
	}
	t.Fatal("asks for ever")
	return ""
}

// Whatever the pattern in which tasks end, single ones get nine turns of ten, and lists one.
func TestSharesOfSingleTasksAndLists(t *testing.T) {
	t.Parallel()
	for _, atOnce := range []int{1, 3, 9, 10, 30} {
		c := newChoice("", []tasks.Gateway{tasks.KCP}, 30)
		got := make(map[string]int)
		var running []func()
		for len(running) < 30 {
			running = append(running, c.begin(next(t, c, map[string]bool{kcp: true, bulkKCP: true})))
		}
		for range 1000 / atOnce {
			for range atOnce {
				running[0]()
				running = running[1:]
			}
			for range atOnce {
				from := next(t, c, map[string]bool{kcp: true, bulkKCP: true})
				got[from]++
				running = append(running, c.begin(from))
			}
		}
		if share := float64(got[bulkKCP]) / float64(got[kcp]+got[bulkKCP]); share < 0.09 || share > 0.13 {
			t.Errorf("%d at once: lists got %.2f of the turns, want a tenth: %v", atOnce, share, got)
		}
		if next(t, c, map[string]bool{kcp: true}) != "" {
			t.Error("a task is given for which there is no room")
		}
	}
}

// Asynq calls no handler for a task that it cannot read. The room for it is not lost.
func TestRoomOfWhatNeverBeginsComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChoice("", []tasks.Gateway{tasks.KCP}, 4)
		full := map[string]bool{kcp: true}
		c.begin(next(t, c, full)) // which runs for ever
		for range 3 {
			next(t, c, full)
		}
		if from := next(t, c, full); from != "" {
			t.Errorf("a task of %s is given for which there is no room", from)
		}
		time.Sleep(begins + time.Second)
		for range 3 {
			c.begin(next(t, c, full))
		}
		if from := next(t, c, full); from != "" {
			t.Errorf("a task of %s is given for which there is no room", from)
		}
	})
}

// A queue that cannot be asked leaves the others their turns, and is asked again.
func TestQueueThatFailsIsLeftAloneForAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChoice("", []tasks.Gateway{tasks.KCP, tasks.Nice}, 4)
		_, from, _, signs := c.give()
		c.take(from, nil, false, false, signs)
		c.fail(from, signs)
		if got := next(t, c, map[string]bool{kcp: true, nice: true}); from != kcp || got != nice {
			t.Errorf("%s failed, and a task of %q is next", from, got)
		}
		time.Sleep(2 * failedPause)
		if got := next(t, c, map[string]bool{kcp: true}); got != kcp {
			t.Errorf("a task of %q is next, want one of the queue that had failed", got)
		}
	})
}

// A task may say that it is of a queue that this server has not, if another program wrote it.
func TestTaskOfAnotherQueueIsNoTrouble(t *testing.T) {
	t.Parallel()
	c := newChoice("", []tasks.Gateway{tasks.KCP, tasks.Nice}, 1)
	next(t, c, map[string]bool{kcp: true})
	c.begin("others")()
	c.begin(nice)()
	if got := next(t, c, map[string]bool{nice: true}); got != nice {
		t.Errorf("a task of %q is next, want one of %s", got, nice)
	}
}
