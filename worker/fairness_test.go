package worker_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/tasks"
	"receiptrevoker/worker"
	"receiptrevoker/worker/iamport/iamporttest"
)

// copies enqueues copies of the one task of a queue, under IDs that are numbers
// of its length: far faster than to enqueue each.
//
// KEYS  the task, its queue's list
// ARGV  the task's imp_uid, the first of the copies, how many
var copies = redis.NewScript(`
local task = redis.call('HGETALL', KEYS[1])
local prefix = string.sub(KEYS[1], 1, -#ARGV[1] - 1)
local ids = {}
for i = ARGV[2], ARGV[2] + ARGV[3] - 1 do
  local imp_uid = string.format('imp_%012d', i)
  local copy = {}
  for n = 1, #task do
    copy[n] = string.gsub(task[n], ARGV[1], imp_uid)
  end
  redis.call('HSET', prefix .. imp_uid, unpack(copy))
  redis.call('LPUSH', KEYS[2], 'revoke:' .. imp_uid)
end
return redis.call('LLEN', KEYS[2])`)

// calls is the order in which DELETEs arrive.
type calls struct {
	mu      sync.Mutex
	bulk    int
	singles map[string]int // how many bulk ones had arrived before each
}

func (c *calls) arrived(call iamporttest.Call) {
	if call.Operation != iamporttest.OpRevoke {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !strings.HasPrefix(call.ImpUID, "imp_single") {
		c.bulk++
		return
	}
	c.singles[call.ImpUID] = c.bulk
}

// before returns how many bulk ones have arrived, and how many of them before a
// single one.
func (c *calls) before(single string) (all, passed int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bulk, c.singles[single]
}

// A long list holds up no single revocation of the same gateway
// for longer than a second: in a second the slots carry out slots ÷ latency of
// them, and no more may be begun while a single one waits. Calls are counted
// and not seconds, so that it does not matter how busy the machine is.
func TestLongListDelaysNoSingleRevocation(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	const (
		lines     = 100_000
		latency   = 200 * time.Millisecond
		perSecond = int(worker.DefaultConcurrency * time.Second / latency)
	)
	seen := &calls{singles: make(map[string]int)}
	b := newBench(t, client, iamporttest.Config{
		Latency: iamporttest.Latency{Median: latency}, OnCall: seen.arrived,
		Unknown: func(string) (iamporttest.Receipt, bool) { return iamporttest.Receipt{PG: tasks.KCP}, true },
	})
	first := tasks.Revocation{ImpUID: "imp_000000000000", PG: tasks.KCP, Batch: "refunds"}
	b.enqueue(t, first)
	queue := "asynq:{" + tasks.QueueOf(first).Name() + "}:"
	for from := 1; from < lines; from += 5_000 { // Redis answers nobody during a script, and clients give up
		err := copies.Run(t.Context(), client, []string{queue + "t:" + tasks.TaskID(first.ImpUID), queue + "pending"},
			first.ImpUID, from, min(5_000, lines-from)).Err()
		if err != nil {
			t.Fatal(err)
		}
	}
	if waiting := client.LLen(t.Context(), queue+"pending").Val(); waiting != lines {
		t.Fatalf("%d wait, want %d", waiting, lines)
	}

	b.start(t)
	b.await(t, first.ImpUID, terminal) // by then every slot is taken
	for i := range 20 {
		impUID := fmt.Sprintf("imp_single%02d", i)
		asked, _ := seen.before(impUID)
		b.enqueue(t, tasks.Revocation{ImpUID: impUID, PG: tasks.KCP})
		b.await(t, impUID, terminal)
		if _, passed := seen.before(impUID); passed-asked > perSecond {
			t.Errorf("%s: %d bulk calls began before it, want at most a second's, %d", impUID, passed-asked, perSecond)
		}
	}
}
