// House measures how the code is built and holds it to limits: lines of code by package,
// the longest line, function and file, comments, exported names without one, and circles
// of files. Run it at the root of the module: `go run ./bench/house lines` reports,
// `go run ./bench/house check` exits 1 where a limit is passed.
package main

import (
	"fmt"
	"os"
)

func main() {
	do := map[string]func() error{"lines": reportLines, "check": check}
	if len(os.Args) != 2 || do[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: go run ./bench/house lines|check")
		os.Exit(2)
	}
	if err := do[os.Args[1]](); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// reportLines prints the measures of the module's files. It fails for a file that cannot be
// read or parsed alone, never for a limit.
func reportLines() error {
	files, err := readFiles(os.DirFS("."))
	if err != nil {
		return err
	}
	return report(os.Stdout, files)
}

// check returns an error if a limit is passed. `make lint` runs it.
func check() error {
	files, err := readFiles(os.DirFS("."))
	if err != nil {
		return err
	}
	circles, err := fileCircles(".")
	if err != nil {
		return err
	}
	return judge(files, circles)
}
