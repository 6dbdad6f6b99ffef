package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"receiptrevoker/cmd/internal/config"
	"receiptrevoker/cmd/internal/monitor"
	"receiptrevoker/cmd/internal/monitor/login"
)

// monitorSettings are what the web site is served with.
type monitorSettings struct {
	monitor config.Monitor
	log     config.Log
	hash    bool
}

func (p *program) monitor() *cobra.Command {
	var s monitorSettings
	cmd := &cobra.Command{
		Use:   "monitor",
		Short: "Serve the web site: gateways, batches, dead letters, Asynq's tasks",
		Long: `Monitor serves a web site that shows gateways and their queues, batches, dead
letters, and the outcome of an imp_uid, in Korean and English, and beside it the
Asynq web UI with every task.

On a loopback address it asks for no password. Anywhere else it needs one, whose
bcrypt hash is in REVOKER_MONITOR_PASSWORD_HASH or in a file that
REVOKER_MONITOR_PASSWORD_HASH_FILE names; --hash makes one. It speaks HTTP: put
a proxy with a certificate before it where others could listen.

It only shows, unless --allow-actions allows those who know the password to
pause queues, and to run, archive and delete tasks.`,
		Example: `  revoker monitor
  revoker monitor --hash > password.hash
  REVOKER_MONITOR_PASSWORD_HASH_FILE=password.hash \
    revoker monitor --listen :8980`,
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.hash {
				return p.hashPassword()
			}
			return p.runMonitor(cmd.Context(), s)
		},
	}
	p.redis.Flags(cmd.Flags())
	s.monitor.Flags(cmd.Flags())
	s.log.Flags(cmd.Flags())
	cmd.Flags().BoolVar(&s.hash, "hash", false, "read a password from standard input, print its hash, and end")
	return cmd
}

func (p *program) runMonitor(ctx context.Context, s monitorSettings) error {
	log, flush, err := s.log.Logger(p.stderr)
	if err != nil {
		return usageError{err}
	}
	defer flush()
	hash, err := s.monitor.PasswordHash(p.getenv)
	if err != nil {
		return usageError{err}
	}
	listener, err := s.monitor.Listen(hash != "")
	switch {
	case errors.Is(err, config.ErrNoPassword):
		return usageError{err}
	case err != nil:
		return err
	}
	defer listener.Close()
	if err := p.connect(ctx); err != nil {
		return err
	}
	site, err := monitor.New(monitor.Config{
		Redis: p.client, Outcomes: p.store, Gates: p.gates,
		PasswordHash: hash, AllowActions: s.monitor.AllowActions, Log: log,
	})
	switch {
	case errors.Is(err, monitor.ErrNoPassword), errors.Is(err, login.ErrHash):
		return usageError{fmt.Errorf("%w: %w", err, config.ErrNoPassword)}
	case err != nil:
		return err
	}
	log.Info("listening", "url", "http://"+listener.Addr().String(),
		"password", hash != "", "actions", s.monitor.AllowActions)
	return serve(ctx, listener, site, log)
}

// hashPassword reads a password, from a terminal without showing it, and prints
// its hash.
func (p *program) hashPassword() error {
	password, err := p.readPassword()
	if err != nil {
		return err
	}
	hash, err := login.Hash(password)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, hash)
	return nil
}

func (p *program) readPassword() (string, error) {
	file, ok := p.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(p.stdin, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	first, err := p.ask(file, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := p.ask(file, "Again: ")
	if err == nil && first != second {
		err = errors.New("the two passwords differ")
	}
	return first, err
}

// ask asks a person for a password on a terminal.
func (p *program) ask(terminal *os.File, what string) (string, error) {
	fmt.Fprint(p.stderr, what)
	typed, err := term.ReadPassword(int(terminal.Fd()))
	fmt.Fprintln(p.stderr)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return string(typed), nil
}
