package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"receiptrevoker/worker/gate"
)

func (p *program) queuePause() *cobra.Command {
	return p.queueChange(&cobra.Command{
		Use:   "pause QUEUE...",
		Short: "Pause queues: nothing in them is called for until they are resumed",
		Long: `Pause lets no worker take a task from the queues named, from those of a gateway,
or from all that exist, until a person resumes them. Calls in flight are finished.
A queue that a gate has paused stays paused when the gate opens.`,
		Example: `  revoker queue pause receipts-bulk-kcp
  revoker queue pause --pg kcp
  revoker queue pause --all`,
	}, pauseQueue)
}

func (p *program) queueResume() *cobra.Command {
	return p.queueChange(&cobra.Command{
		Use:   "resume QUEUE...",
		Short: "Resume queues, whoever has paused them",
		Long: `Resume lets workers take tasks from the queues named, from those of a gateway, or
from all. If a gate has paused one, the gate opens; it closes again once as many receipts
have failed without a success in between.`,
		Example: `  revoker queue resume receipts-bulk-kcp
  revoker queue resume --pg kcp
  revoker queue resume --all`,
	}, resumeQueue)
}

// queueChange completes a command that changes queues.
func (p *program) queueChange(
	cmd *cobra.Command, change func(context.Context, *gate.Store, gate.Pause) (string, error),
) *cobra.Command {
	var s queueSettings
	var every bool
	cmd.Args = arguments(0, -1, "")
	cmd.RunE = func(cmd *cobra.Command, queues []string) error {
		switch named := len(queues)+len(s.pgs) > 0; {
		case !named && !every:
			return usageError{errors.New("say which queues: their names, --pg or --all")}
		case named && every:
			return usageError{errors.New("--all means every queue: name none, and give no --pg")}
		}
		ctx := cmd.Context()
		meant, err := p.openQueues(ctx, &s, queues)
		if err != nil {
			return err
		}
		defer meant.client.Close()
		for _, queue := range meant.queues {
			became, err := change(ctx, meant.gates, queue)
			if err != nil {
				return err
			}
			fmt.Fprintln(p.stdout, pad(queue.Queue, 26)+"  "+became)
		}
		return nil
	}
	s.flags(cmd.Flags())
	cmd.Flags().BoolVar(&every, "all", false, "every queue that exists")
	return cmd
}

func pauseQueue(ctx context.Context, store *gate.Store, queue gate.Pause) (string, error) {
	done, err := store.PauseForPerson(ctx, queue.Queue)
	switch {
	case err != nil:
		return "", err
	case !done:
		return "is paused by a person already", nil
	case queue.Gate != "":
		return fmt.Sprintf("paused, also once the gate of %s opens", queue.Gate), nil
	}
	return "paused", nil
}

func resumeQueue(ctx context.Context, store *gate.Store, queue gate.Pause) (string, error) {
	done, err := store.Resume(ctx, queue)
	switch {
	case err != nil:
		return "", err
	case !done && queue.Paused:
		return "", fmt.Errorf("what pauses %s has changed this moment; try again", queue.Queue)
	case !done:
		return "is not paused", nil
	case queue.Gate != "":
		return fmt.Sprintf("resumed, and the gate of %s opened", queue.Gate), nil
	}
	return "resumed", nil
}
