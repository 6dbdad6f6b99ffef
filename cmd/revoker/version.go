package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"receiptrevoker/worker/metrics"
)

// version returns what the program was built from, as revoker_build_info has it.
func version() string {
	version, revision, goVersion := metrics.Built()
	return fmt.Sprintf("revoker %s, revision %s, %s", version, revision, goVersion)
}

func (p *program) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show version, revision and Go version, as --version does",
		Args:  arguments(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.stdout, version())
			return err
		},
	}
}
