package login

// MostAddresses is how many networks the throttle remembers.
const MostAddresses = mostAddresses
