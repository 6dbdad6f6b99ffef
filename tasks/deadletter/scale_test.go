package deadletter_test

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/bench/redistest/scale"
	"receiptrevoker/tasks/deadletter"
)

// TestManyLettersTakeNoMoreMemory lists 20,000 dead letters, or 200,000 in a proof.
func TestManyLettersTakeNoMoreMemory(t *testing.T) {
	const most = 50 << 20
	count := scale.Of(20_000, 200_000)
	b := newBench(redistest.Start(t).Client(t))
	begun := time.Now()
	b.fill(t, count)
	filled := time.Since(begun)

	seen := make([]bool, count)
	base := heap()
	peak, n := base, 0
	begun = time.Now()
	for o, err := range b.list.All(t.Context(), deadletter.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		i, err := strconv.Atoi(strings.TrimPrefix(o.ImpUID, "imp_"))
		if err != nil || seen[i] {
			t.Fatalf("%s came twice, or is none of ours: %v", o.ImpUID, err)
		}
		seen[i] = true
		if n++; n%(count/10) == 0 {
			peak = max(peak, heap())
		}
	}
	if n != count {
		t.Errorf("%d letters, want %d", n, count)
	}
	if peak-base > most {
		t.Errorf("%d MB more than before, want at most %d MB", (peak-base)>>20, most>>20)
	}
	t.Logf("%d letters made in %v, listed in %v, with %d KB more in use", n, filled, time.Since(begun), (peak-base)>>10)
}

// fill writes dead letters as the store would, about three a millisecond.
func (b *bench) fill(t *testing.T, count int) {
	t.Helper()
	const batch = 10_000
	for from := 0; from < count; from += batch {
		_, err := b.client.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for i := from; i < from+batch; i++ {
				impUID, at := fmt.Sprintf("imp_%012d", i), noon.Add(time.Duration(i/3)*time.Millisecond)
				text := at.Format("2006-01-02T15:04:05.000Z07:00")
				p.HSet(t.Context(), "{receipt}:outcome:"+impUID, "imp_uid", impUID, "pg", "kcp", "batch", "refunds",
					"status", "dead", "reason", "refused", "http_status", 404, "code", -1, "message", "PG사에서 거절하였습니다",
					"attempts", 1, "first_attempt_at", text, "updated_at", text)
				p.ZAdd(t.Context(), "{receipt}:dead", redis.Z{Score: float64(at.UnixMilli()), Member: impUID})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// heap returns the bytes in use once the garbage is collected.
func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
