/* SPDX-License-Identifier: MIT */
/* sd_notify(3): a datagram to whoever started us and wants to know. */
#ifndef RELAYD_NOTIFY_H
#define RELAYD_NOTIFY_H

/* "READY=1", "STOPPING=1"; nothing happens when nobody asked. */
void notify(const char *state);

#endif /* RELAYD_NOTIFY_H */
