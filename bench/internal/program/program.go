// Package program builds revoker, for measurements and proofs that run it as its users do.
package program

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build builds revoker into a directory and returns its path. go finds the program by the module's
// name, so that the caller may run in any directory of the module. An error holds what the compiler
// said.
func Build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "revoker")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "receiptrevoker/cmd/revoker").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build revoker: %w\n%s", err, out)
	}
	return path, nil
}

// Root returns the directory of this module, within which the caller runs.
func Root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
