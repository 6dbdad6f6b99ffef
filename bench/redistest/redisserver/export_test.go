package redisserver

// Find finds programs as [Installed] does.
var Find = find
