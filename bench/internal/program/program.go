// Package program builds revoker, for what runs it as its users do.
package program

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// Build builds revoker, which go finds by the module's name, into a directory
// and returns its path.
func Build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "revoker")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "receiptrevoker/cmd/revoker").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build revoker: %w\n%s", err, out)
	}
	return path, nil
}
