package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"receiptrevoker/tasks"
	"receiptrevoker/tasks/asynqkeys"
	"receiptrevoker/worker/pause"
)

// queueSettings say which queues are meant beside those that the arguments name: both queues of each
// gateway in pgs, which are as the person typed them.
type queueSettings struct {
	pgs []string
}

func (p *program) queueFlags(s *queueSettings, f *pflag.FlagSet) {
	p.redis.Flags(f)
	f.StringSliceVar(&s.pgs, "pg", nil, "the queues of these payment gateways: `codes`, or their Korean names")
}

// tellQueue prints what was done to a queue. The first column is as wide as the longest name of those
// that are meant: a line may be printed before the next queue is changed.
func (p *program) tellQueue(meant []pause.Pause, queue, became string) {
	width := 0
	for _, q := range meant {
		width = max(width, len(q.Queue))
	}
	newScreen(p.stdout).say("%s  %s", pad(queue, width), became)
}

// openQueues connects, and returns the queues that are meant: those named by arguments or --pg, or all
// that exist or are paused. It also returns what paused each at this moment, which [gate.Store.Resume]
// compares before it lifts the pause.
func (p *program) openQueues(ctx context.Context, s *queueSettings, names []string) ([]pause.Pause, error) {
	if err := p.connect(ctx); err != nil {
		return nil, err
	}
	all, err := p.gates.Pauses(ctx)
	if err != nil {
		return nil, err
	}
	return s.meant(all, possibleQueues(all, p.redis.Namespace), names)
}

// meant returns the queues that names and --pg mean together, and all if neither is given. possible are
// those that may be named, whether or not they exist. A name that none of them has is a usageError,
// which shows the names there are: a pause of a misspelled queue would stop nothing, without a word.
func (s *queueSettings) meant(all, possible []pause.Pause, names []string) ([]pause.Pause, error) {
	if len(names)+len(s.pgs) == 0 {
		return all, nil
	}
	wanted := make(map[string]bool)
	for _, name := range names {
		if !slices.ContainsFunc(possible, func(p pause.Pause) bool { return p.Queue == name }) {
			return nil, usageError{fmt.Errorf("there is no queue %q; there are %s", name, listed(queueNames(possible)))}
		}
		wanted[name] = true
	}
	for _, name := range s.pgs {
		// --pg kcp, with a comma at its end names an empty gateway too. That is an error, and does not
		// mean the common queues.
		pg, _ := tasks.ParseGateway(name)
		found := false
		for _, p := range possible {
			if q, _ := tasks.ParseQueue(p.Queue); q.PG == pg && pg != "" {
				wanted[p.Queue], found = true, true
			}
		}
		if !found {
			return nil, usageError{fmt.Errorf("there is no queue of the gateway %q; known are %s", name, knownGateways())}
		}
	}
	return slices.DeleteFunc(possible, func(p pause.Pause) bool { return !wanted[p.Queue] }), nil
}

// possibleQueues returns all queues of the namespace, by name: those given, and those of every gateway
// that is known. An operator pauses a gateway for its maintenance also before its first request, so
// that queues which do not exist yet can be named. Those given may be of a newer version's gateways.
func possibleQueues(all []pause.Pause, namespace string) []pause.Pause {
	all = slices.Clone(all)
	for _, q := range tasks.Queues(namespace) {
		if !slices.ContainsFunc(all, func(p pause.Pause) bool { return p.Queue == q.Name() }) {
			all = append(all, pause.Pause{Queue: q.Name()})
		}
	}
	slices.SortFunc(all, func(a, b pause.Pause) int { return strings.Compare(a.Queue, b.Queue) })
	return all
}

// tellNoQueue says on standard error that no queue exists. It does not say that nothing was ever
// requested: Redis may have lost its data.
func (p *program) tellNoQueue() { p.say("Redis holds no queue of this namespace") }

// showNoQueue says that there is nothing to list, and to people also how many workers are running, which
// they need to know after Redis has lost its data. With --json standard output stays empty, since each
// line of it is a queue.
func (p *program) showNoQueue(workers asynqkeys.Count) error {
	p.tellNoQueue()
	if p.json {
		return nil
	}
	return newScreen(p.stdout).line(working(workers, 0), hanging)
}

// check returns a usageError unless a command says which queues it shall change. No name must not mean
// all queues: in a script whose variable is empty it would stop everything. every is --all.
func (s *queueSettings) check(queues []string, every bool) error {
	switch named := len(queues)+len(s.pgs) > 0; {
	case !named && !every:
		return usageError{errors.New("say which queues: their names, --pg or --all")}
	case named && every:
		return usageError{errors.New("--all means every queue: name none, and give no --pg")}
	}
	return nil
}

func queueNames(queues []pause.Pause) (names []string) {
	for _, p := range queues {
		names = append(names, p.Queue)
	}
	return names
}
