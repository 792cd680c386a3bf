/* SPDX-License-Identifier: MIT */
/* err() and fail() of the daemon: lines on stderr. */
#ifndef RELAYD_LOG_H
#define RELAYD_LOG_H

/* The last line that err() or fail() wrote, without the program's name. */
const char *log_last(void);

#endif /* RELAYD_LOG_H */
