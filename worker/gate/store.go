package gate

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"receiptrevoker/tasks"
	"receiptrevoker/worker/pause"
)

var (
	//go:embed store_poll.lua
	pollSource string
	//go:embed store.lua
	gateSource string // stands before those that change a gate
	//go:embed store_fail.lua
	failSource string
	//go:embed store_settle.lua
	settleSource string

	pollScript   = redis.NewScript(pollSource)
	failScript   = redis.NewScript(gateSource + failSource)
	settleScript = redis.NewScript(gateSource + settleSource)
)

// Store keeps the gates in Redis. For each that was used in the last day there is
// a hash {namespace}:gate:<name>, a sorted set {namespace}:gate:<name>:failed of the
// receipts that failed since the last success, by time, and after it opened one
// {namespace}:gate:<name>:released of those that are brought forward; and
// {namespace}:hold while PortOne wants no calls. What pauses a queue stands where
// Asynq looks for it; see [pause.Pause].
type Store struct {
	client    redis.UniversalClient
	namespace string
	pauses    *pause.Store
}

// NewStore returns a store on client, which the caller closes. The namespace is
// that of the outcomes; empty is its default.
func NewStore(client redis.UniversalClient, namespace string) *Store {
	return &Store{
		client: client, namespace: cmp.Or(namespace, tasks.DefaultNamespace), pauses: pause.NewStore(client, namespace),
	}
}

func (s *Store) key(name string) string    { return tasks.Key(s.namespace, name) }
func (s *Store) hash(name Name) string     { return s.key("gate:" + string(name)) }
func (s *Store) failed(name Name) string   { return s.hash(name) + ":failed" }
func (s *Store) released(name Name) string { return s.hash(name) + ":released" }
func (s *Store) holdKey() string           { return s.key("hold") }

// Poll reads all gates in one round trip. Values out of range count as absent.
func (s *Store) Poll(ctx context.Context) (Snapshot, error) {
	all := names()
	keys := []string{s.holdKey()}
	for _, name := range all {
		keys = append(keys, s.hash(name), s.failed(name))
	}
	reply, err := pollScript.Run(ctx, s.client, keys).Slice()
	if err != nil {
		return Snapshot{}, fmt.Errorf("read the gates: %w", err)
	}
	snapshot := Snapshot{Now: redisTime(reply), Gates: make(map[Name]State)}
	hold, _ := reply[2].(int64)
	snapshot.Hold = max(time.Duration(hold)*time.Millisecond, 0)
	if snapshot.Hold > longestHold || hold == -1 { // without an end
		snapshot.mends = append(snapshot.mends, mend{key: s.holdKey(), value: snapshot.Hold.String()})
		snapshot.Hold = 0
	}
	for i, name := range all {
		state, mends := readGate(keys[1+2*i:3+2*i], snapshot.Now, reply[3+2*i:])
		snapshot.Gates[name] = state
		snapshot.mends = append(snapshot.mends, mends...)
	}
	return snapshot, nil
}

// failure is a receipt whose call failed.
type failure struct {
	epoch     int64     // of the gate when the call began
	impUID    string    // empty for a suspect
	succeeded time.Time // the last success of the process; zero for none
	owner     string
	cause     string
	reason    string // why the gate closes whatever was counted; empty if it does not
}

// fail counts a failure and returns the gate as it stands then.
func (s *Store) fail(ctx context.Context, name Name, f failure, config Config) (Snapshot, error) {
	receipts, least := config.Receipts, min(Fewest, config.Receipts)
	if name == PortOne {
		receipts, least = math.MaxInt32, math.MaxInt32 // it has a rule of its own
	}
	return s.change(ctx, name, failScript, f.epoch, f.impUID, micros(f.succeeded),
		receipts, least, long.Microseconds(), f.reason, f.owner, f.cause, config.Probe.Microseconds(), life.Milliseconds())
}

// What a gate is told when it is settled.
const (
	settleSucceeded = "succeeded" // a call, at a time that is told
	settleProbing   = "probing"   // the process asks to make the probe that is due, or continues it
	settleFailed    = "failed"    // a probe
	settleSilent    = "silent"    // a probe that said nothing, or there was none to make
	settleOpen      = "open"      // a person says so, or [RevokedBefore]
)

// settlement is what a gate is told.
type settlement struct {
	what      string
	epoch     string // that it opens, empty for any
	process   string // empty for a person
	succeeded time.Time
}

// settle tells a gate what follows, and returns the gate as it stands then.
func (s *Store) settle(ctx context.Context, name Name, said settlement, config Config) (Snapshot, error) {
	patience := config.Patience
	if name == PortOne {
		patience = 0
	}
	return s.change(ctx, name, settleScript, said.what, said.epoch, said.process, micros(said.succeeded),
		config.ProbeMax.Microseconds(), patience.Microseconds(), proberLife.Microseconds(), life.Milliseconds())
}

// micros returns a time as the scripts read it: 0 for none.
func micros(t time.Time) int64 { return max(t.UnixMicro(), 0) }

// change runs a script that changes a gate, and returns the gate as it stands then.
func (s *Store) change(ctx context.Context, name Name, script *redis.Script, args ...any) (Snapshot, error) {
	keys := []string{s.hash(name), s.failed(name), s.released(name)}
	reply, err := script.Run(ctx, s.client, keys, args...).Slice()
	if err != nil {
		return Snapshot{}, fmt.Errorf("tell the gate of %s: %w", name, err)
	}
	now := redisTime(reply)
	state, _ := readGate(keys[:2], now, reply[2:])
	return Snapshot{Now: now, Gates: map[Name]State{name: state}}, nil
}

// Open opens a gate that is closed since the given epoch, because a person says
// so. It reports whether it is open then.
func (s *Store) Open(ctx context.Context, name Name, epoch int64) (bool, error) {
	said := settlement{what: settleOpen, epoch: strconv.FormatInt(epoch, 10)}
	after, err := s.settle(ctx, name, said, Config{}.WithDefaults())
	return err == nil && !after.Gates[name].Closed, err
}

// Pauses returns the queues of the namespace that exist or are paused, by name, and what
// pauses them.
func (s *Store) Pauses(ctx context.Context) ([]pause.Pause, error) { return s.pauses.All(ctx) }

// Resume lifts the pause of a queue, whosever it is, and opens the gate if it was a gate's.
// Behind a gate that is closed a person's pause becomes the gate's, which it then returns. It
// reports false if what was seen does not pause the queue any more.
func (s *Store) Resume(ctx context.Context, seen pause.Pause) (behind Name, done bool, err error) {
	var mark string
	switch {
	case !seen.Paused:
		return "", false, nil
	case seen.Gate != "":
		_, err = s.Open(ctx, Name(seen.Gate), seen.Epoch)
	default:
		var now Snapshot
		var epoch int64
		now, err = s.Poll(ctx)
		if behind, epoch = now.wanted(seen.Queue); behind != "" {
			mark = pause.GateMark(string(behind), epoch)
		}
	}
	if err == nil {
		done, err = s.pauses.Swap(ctx, seen, mark)
	}
	return behind, done, err
}
