/* SPDX-License-Identifier: MIT */
/* What relayctl may ask: {"do": "status"}, "up", "down", "drain", "stop". */
#ifndef RELAYD_REQUEST_H
#define RELAYD_REQUEST_H

#include <stddef.h>

/*
 * One request to one answer.
 * @line: @len bytes from anyone whom the socket lets in, without the newline
 * Return: the answer with its newline, to be freed; NULL without memory.
 */
char *request_answer(const char *line, size_t len);

#endif /* RELAYD_REQUEST_H */
