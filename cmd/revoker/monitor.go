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

// monitorSettings say where and to whom the web site is served, and how its log looks. With hash the
// command only makes the hash of a password, and needs no Redis.
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

On a loopback address it asks for no password: the URL that it prints has a
token. Anywhere else it needs a password, whose bcrypt hash is in
REVOKER_MONITOR_PASSWORD_HASH or in a file that
REVOKER_MONITOR_PASSWORD_HASH_FILE names, or a file of --users; --hash makes a
hash. It speaks HTTP: put a proxy with a certificate before it where others
could listen, and give --public-url and --trusted-proxies. With --user-header
the proxy logs people in.

It only shows, unless --allow-actions allows those who know the password, or
users of the role act, to pause queues, and to run, archive and delete tasks.`,
		Example: `  revoker monitor
  revoker monitor --hash > password.hash
  REVOKER_MONITOR_PASSWORD_HASH_FILE=password.hash \
    revoker monitor --listen :8980`,
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.hash {
				return p.hashPassword(cmd.Context())
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

// runMonitor serves the web site until ctx ends. A password that is missing, or users that cannot be
// used, are wrong usage, exit code 2: systemd does not start the site again for it, as only a person can mend
// that (RestartPreventExitStatus=2 in deploy/systemd).
func (p *program) runMonitor(ctx context.Context, s monitorSettings) error {
	s.log.Escape = escaped
	log, flush, err := s.log.Logger(p.stderr)
	if err != nil {
		return usageError{err}
	}
	defer flush()
	access, err := s.monitor.Access(p.getenv)
	if err != nil {
		return usageError{err}
	}
	// Listen refuses an address that others reach unless there are users. It judges the
	// address to which it is bound, not the name that was given.
	listener, err := s.monitor.Listen(access)
	switch {
	case errors.Is(err, config.ErrNoPassword):
		return usageError{err}
	case err != nil:
		return err
	}
	defer listener.Close()
	// A Redis that is away ends the command here. An outage later is shown on the page.
	if err := p.connect(ctx); err != nil {
		return err
	}
	site, err := monitor.New(monitor.Config{
		Redis: p.client, Outcomes: p.store, Gates: p.gates,
		Access: access, AllowActions: s.monitor.AllowActions, Log: log,
	})
	if err != nil {
		return err
	}
	log.Info("listening", "url", access.URL(listener.Addr()), "public_url", s.monitor.PublicURL,
		"password", access.Token == "", "actions", s.monitor.AllowActions)
	return serve(ctx, listener, site, log)
}

// hashPassword reads a password, from a terminal without showing it, and prints its bcrypt hash. The
// hash alone goes to standard output, so that "revoker monitor --hash > password.hash" makes the
// file that REVOKER_MONITOR_PASSWORD_HASH_FILE names; prompts go to standard error. It takes about
// a quarter of a second, as each login does later.
func (p *program) hashPassword(ctx context.Context) error {
	password, err := p.readPassword(ctx)
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

// readPassword reads a password from standard input. A person on a terminal types it twice, since
// the terminal does not show it and a mistake would lock everybody out. From a pipe it takes the
// first line; blanks at its ends belong to the password.
func (p *program) readPassword(ctx context.Context) (string, error) {
	file, ok := p.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		// bcrypt takes 72 bytes. The limit keeps a wrong file, as a large one without a line end, from
		// being read into memory. A password whose line has no end is good: io.EOF is no error.
		line, err := typed(ctx, func() ([]byte, error) {
			line, err := bufio.NewReader(io.LimitReader(p.stdin, 4096)).ReadBytes('\n')
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return line, err
		})
		return strings.TrimRight(line, "\r\n"), err
	}
	first, err := p.ask(ctx, file, "Password: ")
	if err != nil {
		return "", err
	}
	second, err := p.ask(ctx, file, "Again: ")
	if err == nil && first != second {
		err = errors.New("the two passwords differ")
	}
	return first, err
}

// ask asks a person for a password on a terminal. [term.ReadPassword] switches the echo off, which
// also hides the line end that the person types: ask writes one in its place. After Ctrl-C ask switches
// the echo on again, as the reading is left behind.
func (p *program) ask(ctx context.Context, terminal *os.File, what string) (string, error) {
	fd := int(terminal.Fd())
	if before, err := term.GetState(fd); err == nil {
		defer term.Restore(fd, before)
	}
	newScreen(p.stderr).prompt(what)
	password, err := typed(ctx, func() ([]byte, error) { return term.ReadPassword(fd) })
	p.say("")
	return password, err
}

// typed returns what read reads of a password, or an error once Ctrl-C ends ctx. The goroutine that
// reads then stays: a read of a terminal or a pipe cannot be interrupted, and the command ends right
// after it.
func typed(ctx context.Context, read func() ([]byte, error)) (string, error) {
	done := make(chan struct{})
	var text []byte
	var err error
	go func() {
		defer close(done)
		text, err = read()
	}()
	select {
	case <-ctx.Done():
		return "", errors.New("stopped: no password was read")
	case <-done:
	}
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return string(text), nil
}
