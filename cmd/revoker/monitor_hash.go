package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"receiptrevoker/cmd/internal/monitor/login"
)

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
