package account

// Warn says now and then that the account is a former one.
func (k *Keeper) Warn(s Standing) { k.warn(s) }
