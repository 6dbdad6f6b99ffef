package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"receiptrevoker/worker/gate"
	"receiptrevoker/worker/pause"
)

func (p *program) queueResume() *cobra.Command {
	var s queueSettings
	var every bool
	cmd := &cobra.Command{
		Use:   "resume QUEUE...",
		Short: "Resume queues, whoever has paused them",
		Long: `Resume lets workers take tasks from the queues named, from those of a gateway,
or from all. If a gate has paused one, the gate opens; it closes again once as
many receipts have failed without a success in between. A queue that is not
paused is no error.`,
		Example: `  revoker queue resume receipts-bulk-kcp
  revoker queue resume --pg kcp
  revoker queue resume --all`,
		Args: arguments(0, -1, ""),
		RunE: func(cmd *cobra.Command, queues []string) error {
			if err := s.check(queues, every); err != nil {
				return err
			}
			return p.runQueueResume(cmd.Context(), &s, queues)
		},
	}
	s.flags(cmd.Flags())
	cmd.Flags().BoolVar(&every, "all", false, "every queue")
	return cmd
}

// check returns an error unless a command says which queues it shall change.
func (s *queueSettings) check(queues []string, every bool) error {
	switch named := len(queues)+len(s.pgs) > 0; {
	case !named && !every:
		return usageError{errors.New("say which queues: their names, --pg or --all")}
	case named && every:
		return usageError{errors.New("--all means every queue: name none, and give no --pg")}
	}
	return nil
}

func (p *program) runQueueResume(ctx context.Context, s *queueSettings, queues []string) error {
	meant, err := p.openQueues(ctx, s, queues)
	if err != nil {
		return err
	}
	defer meant.client.Close()
	for _, queue := range meant.queues {
		became, err := resumeQueue(ctx, meant.gates, queue)
		if err != nil {
			return err
		}
		p.tellQueue(queue.Queue, became)
	}
	if len(meant.queues) == 0 {
		p.tellNoQueue()
	}
	return nil
}

// tellQueue says what became of a queue.
func (p *program) tellQueue(queue, became string) {
	newScreen(p.stdout).say("%s  %s", pad(queue, 26), became)
}

func resumeQueue(ctx context.Context, store *gate.Store, queue pause.Pause) (string, error) {
	done, err := store.Resume(ctx, queue)
	switch {
	case err != nil:
		return "", err
	case !done && queue.Paused:
		return "", fmt.Errorf("what pauses %s has changed this moment; try again", queue.Queue)
	case !done:
		return "is not paused", nil
	case queue.Gate != "":
		return fmt.Sprintf("resumed, and %s opened", gateName(queue.Gate)), nil
	}
	return "resumed", nil
}
