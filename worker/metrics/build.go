package metrics

import (
	"cmp"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
)

// buildInfo is always 1; its labels say what was built. Prometheus joins them to other series: `rate(…)
// * on (instance) group_left (version) revoker_build_info`.
func buildInfo() prometheus.Collector {
	version, revision, goVersion := Built()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "revoker_build_info", Help: "Always 1; its labels say what the program was built from.",
		ConstLabels: prometheus.Labels{"version": version, "revision": revision, "go_version": goVersion},
	})
	info.Set(1)
	return info
}

// Built returns what the Go toolchain has written into the program: the version of its module, the
// revision of its source, which ends in -dirty if files of it were changed, and Go's own version. What
// is not known is "unknown".
func Built() (version, revision, goVersion string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return unknown, unknown, unknown
	}
	dirty := ""
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			revision = setting.Value
		case setting.Key == "vcs.modified" && setting.Value == "true":
			dirty = "-dirty"
		}
	}
	if revision != "" {
		revision += dirty
	}
	return cmp.Or(info.Main.Version, unknown), cmp.Or(revision, unknown), cmp.Or(info.GoVersion, unknown)
}

// unknown stands where the toolchain has written nothing, such as the revision of a source
// that is in no repository.
const unknown = "unknown"
