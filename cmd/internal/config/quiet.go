package config

import "github.com/redis/go-redis/v9/maintnotifications"

// With each connection go-redis tells Redis its own name and version, and asks
// for news of maintenance, by way of subcommands of CLIENT. Users who may do
// little are refused both, once for each connection, so that what matters in
// ACL LOG is lost among them; and a list of users that allows the first is
// refused by a Redis before 7.2, which does not know it. Nothing depends on
// either: whatever fails is tried again.
const noIdentity = true

func noMaintenanceNews() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}
