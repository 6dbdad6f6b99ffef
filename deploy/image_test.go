package deploy_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestTheImageIsBuiltFromAllThatIsTracked finds tracked files that .dockerignore
// leaves out: the program would say of its revision that it is dirty. The
// patterns in use mean the same to git and to Docker.
func TestTheImageIsBuiltFromAllThatIsTracked(t *testing.T) {
	t.Parallel()
	git := exec.CommandContext(t.Context(), "git", "ls-files", "--cached", "--ignored", "--exclude-from=.dockerignore")
	git.Dir = ".."
	left, err := git.CombinedOutput()
	if err != nil && strings.Contains(string(left), "not a git repository") {
		t.Skip("this is no checkout")
	}
	if err != nil || len(left) > 0 {
		t.Errorf("the image is built without these files: %v\n%s", err, left)
	}
}
