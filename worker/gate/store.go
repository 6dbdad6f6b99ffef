package gate

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed poll.lua
	pollSource string
	//go:embed close.lua
	closeSource string
	//go:embed lead.lua
	leadSource string
	//go:embed settle.lua
	settleSource string
	//go:embed released.lua
	releasedSource string

	pollScript     = redis.NewScript(pollSource)
	closeScript    = redis.NewScript(closeSource)
	leadScript     = redis.NewScript(leadSource)
	settleScript   = redis.NewScript(settleSource)
	releasedScript = redis.NewScript(releasedSource)
)

const (
	// defaultNamespace is that of the outcomes.
	defaultNamespace = "receipt"
	// remembered is for how long it is known how far apart the probes of a gate
	// were that is open.
	remembered = 10 * time.Minute
	// calm is how many of the longest intervals a gate must have been open for
	// its intervals to start anew.
	calm = 6
	// leaderLife is how long a process is believed to be at its job without a
	// sign of life.
	leaderLife = 2 * time.Second
)

// Store keeps the gates in Redis: a hash {namespace}:gate:<name> for each that
// was closed recently, and {namespace}:hold while PortOne wants no calls. What
// pauses a queue stands where Asynq looks for it; see [Pause].
type Store struct {
	client    redis.UniversalClient
	namespace string
}

// NewStore returns a store on client, which the caller closes. The namespace is
// that of the outcomes; empty is its default.
func NewStore(client redis.UniversalClient, namespace string) *Store {
	return &Store{client: client, namespace: cmp.Or(namespace, defaultNamespace)}
}

func (s *Store) key(name string) string { return "{" + s.namespace + "}:" + name }
func (s *Store) hash(name Name) string  { return s.key("gate:" + string(name)) }
func (s *Store) holdKey() string        { return s.key("hold") }

// Snapshot is all that is known about the gates at one moment.
type Snapshot struct {
	Now   time.Time // of Redis
	Hold  time.Duration
	Gates map[Name]State
}

// Poll reads all gates in one round trip.
func (s *Store) Poll(ctx context.Context) (Snapshot, error) {
	all := names()
	keys := []string{s.holdKey()}
	for _, name := range all {
		keys = append(keys, s.hash(name))
	}
	reply, err := pollScript.Run(ctx, s.client, keys).Slice()
	if err != nil {
		return Snapshot{}, fmt.Errorf("read the gates: %w", err)
	}
	seconds, micros := number(text(reply[0])), number(text(reply[1]))
	hold, _ := reply[2].(int64)
	snapshot := Snapshot{
		Now: time.UnixMicro(seconds*1_000_000 + micros).UTC(), Hold: max(time.Duration(hold)*time.Millisecond, 0),
		Gates: make(map[Name]State),
	}
	for i, name := range all {
		snapshot.Gates[name] = decode(reply[3+i])
	}
	return snapshot, nil
}

// decode reads a gate's names and values. What is missing is zero: a hash that
// somebody spoilt must stop nobody.
func decode(reply any) State {
	pairs, _ := reply.([]any)
	values := make(map[string]string)
	for i := 0; i+1 < len(pairs); i += 2 {
		values[text(pairs[i])] = text(pairs[i+1])
	}
	moment := func(name string) time.Time {
		if values[name] == "" {
			return time.Time{}
		}
		return time.UnixMicro(number(values[name])).UTC()
	}
	state := State{
		Closed: values["state"] == "closed", Epoch: number(values["epoch"]),
		Owner: values["owner"], Reason: values["reason"],
		Interval:  time.Duration(number(values["interval"])) * time.Microsecond,
		NextProbe: moment("probe_at"),
		opener:    values["opener"],
		tried:     strings.Fields(values["tried"]), released: values["released"] != "",
		leader: values["leader"], leaderUntil: moment("leader_until"),
	}
	if state.Closed {
		state.Since = moment("epoch")
	} else {
		state.OpenedAt = moment("epoch")
	}
	return state
}

func text(value any) string {
	s, _ := value.(string)
	return s
}

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// closing is why a gate closes, and who says so.
type closing struct {
	epoch         int64
	owner, reason string
}

// close closes a gate and returns the new epoch, or 0 if the gate is closed or
// was opened since the closing's epoch.
func (s *Store) close(ctx context.Context, name Name, c closing, config Config) (int64, error) {
	reply, err := closeScript.Run(ctx, s.client, []string{s.hash(name)}, c.epoch, c.owner, c.reason,
		config.Probe.Microseconds(), config.ProbeMax.Microseconds(), (calm * config.ProbeMax).Microseconds()).Text()
	if err != nil {
		return 0, fmt.Errorf("close the gate of %s: %w", name, err)
	}
	return number(reply), nil
}

// The jobs that one process has at a gate.
const (
	jobProbe   = "probe"
	jobRelease = "release"
)

// lead asks for the job that there is at a gate, or to go on with it. It returns
// no job if there is none, or another process has it.
func (s *Store) lead(
	ctx context.Context, name Name, process string, again bool,
) (job string, epoch int64, err error) {
	args := []any{process, leaderLife.Microseconds(), flag(again)}
	reply, err := leadScript.Run(ctx, s.client, []string{s.hash(name)}, args...).StringSlice()
	if err != nil {
		return "", 0, fmt.Errorf("ask for the job at the gate of %s: %w", name, err)
	}
	return reply[0], number(reply[1]), nil
}

func flag(set bool) string {
	if set {
		return "1"
	}
	return ""
}

// What follows from a probe.
const (
	settleOpen   = "open"
	settleFailed = "failed" // and the interval grows
	settleAgain  = "again"  // it said nothing
)

// settlement is what follows from a probe of a process; without a process it
// is a person's word.
type settlement struct {
	epoch   int64
	process string
	follows string
	tried   []string
}

// settle reports whether the settlement took place.
func (s *Store) settle(ctx context.Context, name Name, found settlement, longest time.Duration) (bool, error) {
	done, err := settleScript.Run(ctx, s.client, []string{s.hash(name)},
		found.epoch, found.process, found.follows, longest.Microseconds(), strings.Join(found.tried, " ")).Bool()
	if err != nil {
		return false, fmt.Errorf("settle the gate of %s: %w", name, err)
	}
	return done, nil
}

// Open opens a gate that is closed since the given epoch, because a person says
// so. It reports whether it did.
func (s *Store) Open(ctx context.Context, name Name, epoch int64) (bool, error) {
	return s.settle(ctx, name, settlement{epoch: epoch, follows: settleOpen}, 0)
}

// release says that nothing is left to be brought forward.
func (s *Store) release(ctx context.Context, name Name, epoch int64, process string) error {
	err := releasedScript.Run(ctx, s.client, []string{s.hash(name)}, epoch, process, remembered.Milliseconds()).Err()
	if err != nil {
		return fmt.Errorf("note that the gate of %s is cleared: %w", name, err)
	}
	return nil
}

// hold keeps all processes from calling for the given time, or for longer if
// somebody asked for longer.
func (s *Store) hold(ctx context.Context, wait time.Duration) error {
	left, err := s.client.PTTL(ctx, s.holdKey()).Result()
	if err == nil && left < wait {
		err = s.client.Set(ctx, s.holdKey(), 1, wait).Err()
	}
	if err != nil {
		return fmt.Errorf("hold all calls for %v: %w", wait, err)
	}
	return nil
}
