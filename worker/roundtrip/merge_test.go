package roundtrip_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/bench/redistest"
	"receiptrevoker/worker/roundtrip"
)

// each replies to each argument but the first, which all have in common: with both, or with an error.
var each = redis.NewScript(`
redis.call('INCR', 'calls')
local replies = {}
for i = 2, #ARGV do
  replies[i - 1] = tonumber(ARGV[i]) % 10 == 0 and {err = 'WRONG ' .. ARGV[i]} or ARGV[1] .. ' ' .. ARGV[i]
end
return replies
`)

// torn replies to the first of several calls that share one.
var torn = redis.NewScript(`return {ARGV[2]}`)

// Calls of a script that merges become one, but for those whose keys or first argument differ, and each gets its own
// reply.
func TestCallsOfAScriptShareOne(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		shared, release := held(t, client, each.Hash())
		if err := each.Load(t.Context(), client).Err(); err != nil {
			t.Fatal(err)
		}
		const callers = 300
		var all sync.WaitGroup
		for i := range callers {
			all.Go(func() {
				first := fmt.Sprint("of", i%2)
				reply, err := each.Run(t.Context(), shared, []string{fmt.Sprint("k", i%3)}, first, i).Slice()
				want := fmt.Sprintf("[%s %d]", first, i)
				if i%10 == 0 {
					want = fmt.Sprintf("[WRONG %d]", i)
				}
				if got := fmt.Sprint(reply); err != nil || got != want {
					t.Errorf("got %v, %v, want %s", got, err, want)
				}
			})
		}
		time.Sleep(100 * time.Millisecond)
		release()
		all.Wait()
		// Two may go at once, and the others have six pairs of a key and a first argument.
		if calls, _ := client.Get(t.Context(), "calls").Int(); calls > callers/10 {
			t.Errorf("%d calls were carried out as %d", callers, calls)
		}
	})
}

// Whose reply is missing gets an error, and not another's.
func TestMissingReplyIsAnError(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		shared, release := held(t, client, torn.Hash())
		if err := torn.Load(t.Context(), client).Err(); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		var lock sync.Mutex
		failed := 0
		for i := range 20 {
			all.Go(func() {
				reply, err := torn.Run(t.Context(), shared, []string{"k"}, "same", i).Slice()
				lock.Lock()
				defer lock.Unlock()
				if err != nil {
					failed++
				} else if got, want := fmt.Sprint(reply), fmt.Sprintf("[%d]", i); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		}
		time.Sleep(100 * time.Millisecond)
		release()
		all.Wait()
		if failed < 15 {
			t.Errorf("%d of 20 calls failed", failed)
		}
	})
}

// A script that is run several times is so in one round trip, also while others wait.
func TestSeveralRunsOfAScript(t *testing.T) {
	t.Parallel()
	redistest.One(t, func(t *testing.T, client *redis.Client) {
		shared, release := held(t, client)
		count := redis.NewScript(`return redis.call('INCR', KEYS[1])`)
		if err := count.Load(t.Context(), client).Err(); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				for at, reply := range shared.EvalShas(t.Context(), 30, count.Hash(), []string{fmt.Sprint("n", i)}) {
					if got, err := reply.Int(); err != nil || got != at+1 {
						t.Errorf("run %d: got %d, %v", at, got, err)
					}
				}
			})
		}
		time.Sleep(100 * time.Millisecond)
		release()
		all.Wait()
	})
}

// held returns a client whose round trips are held until release is called.
func held(t *testing.T, client *redis.Client, merges ...string) (shared *roundtrip.Shared, release func()) {
	t.Helper()
	hook := &trips{}
	own := redis.NewClient(client.Options())
	t.Cleanup(func() { own.Close() })
	if err := own.Ping(t.Context()).Err(); err != nil { // it connects
		t.Fatal(err)
	}
	own.AddHook(hook)
	hook.shut.Lock()
	return roundtrip.New(t.Context(), own, merges...), hook.shut.Unlock
}
