package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/tasks"
	"receiptrevoker/worker/gate"
)

func (p *program) queue() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "queue",
		Short: "Show queues and what pauses them, pause or resume them",
		Long: `Each payment gateway has two queues, such as receipts-kcp and receipts-bulk-kcp.
One is paused by a person, or by the gate of its gateway while that is down. The
gate resumes what it has paused by itself; what a person has paused stays paused
until a person resumes it, here, in the Asynq web UI or with Asynq's own tool.`,
		Example: `  revoker queue list
  revoker queue pause receipts-bulk-kcp
  revoker queue resume --pg kcp`,
		Args:                  noSuchCommand,
		RunE:                  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		DisableFlagsInUseLine: true,
	}
	cmd.AddCommand(p.queueList(), p.queuePause(), p.queueResume())
	return cmd
}

// queueSettings say which queues are meant.
type queueSettings struct {
	redis config.Redis
	pgs   []string
}

func (s *queueSettings) flags(f *pflag.FlagSet) {
	s.redis.Flags(f)
	f.StringSliceVar(&s.pgs, "pg", nil, "the queues of these payment gateways: `codes`, or their Korean names")
}

// meantQueues are the queues that a command is about, and where they are.
type meantQueues struct {
	client redis.UniversalClient
	gates  *gate.Store
	queues []gate.Pause
}

// openQueues connects, and finds the queues that are meant, of which it says so
// if there are none at all. The caller closes the client.
func (p *program) openQueues(ctx context.Context, s *queueSettings, names []string) (*meantQueues, error) {
	client, err := p.connect(ctx, s.redis)
	if err != nil {
		return nil, err
	}
	meant := &meantQueues{client: client, gates: gate.NewStore(client, s.redis.Namespace)}
	all, err := meant.gates.Pauses(ctx)
	if err == nil {
		meant.queues, err = s.meant(all, names)
	}
	if err != nil {
		client.Close()
		return nil, err
	}
	if len(meant.queues) == 0 {
		fmt.Fprintln(p.stderr, "there is no queue yet: nothing was ever asked for")
	}
	return meant, nil
}

// meant returns those of the queues that are meant: all of them if none is
// named. The error names one that does not exist.
func (s *queueSettings) meant(all []gate.Pause, queues []string) ([]gate.Pause, error) {
	if len(queues)+len(s.pgs) == 0 {
		return all, nil
	}
	wanted := make(map[string]bool)
	for _, queue := range queues {
		if !slices.ContainsFunc(all, func(p gate.Pause) bool { return p.Queue == queue }) {
			return nil, fmt.Errorf("there is no queue %q; there %s", queue, existing(all))
		}
		wanted[queue] = true
	}
	for _, name := range s.pgs {
		pg, _ := tasks.ParseGateway(name)
		found := false
		for _, p := range all {
			if q, _ := tasks.ParseQueue(p.Queue); q.PG == pg {
				wanted[p.Queue], found = true, true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no queue of the gateway %q; there %s", name, existing(all))
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(p gate.Pause) bool { return !wanted[p.Queue] }), nil
}

// existing says which queues there are.
func existing(all []gate.Pause) string {
	if len(all) == 0 {
		return "is none yet"
	}
	var names []string
	for _, p := range all {
		names = append(names, p.Queue)
	}
	return "are " + strings.Join(names, ", ")
}
