/* SPDX-License-Identifier: MIT */
/*
 * Numbers that must never be used twice: a relay's serial, an authority's
 * snapshot. A number is on stable storage before anything is signed with it,
 * so that no crash, restored disk image apart, makes an honest signer say two
 * things under one number. Each lives in a small text file of its own, with
 * the hash of what was signed under it.
 */
#ifndef CR_DIRECTORY_SERIAL_H
#define CR_DIRECTORY_SERIAL_H

#include "directory/verdict.h"
#include "directory/wire.h"

/**
 * cr_serial_next() - a serial number that was never used
 * @path: the file; made when it is not there, and then @at_least is the first number
 * @at_least: the number is not below this: the time in seconds, say, so that
 *	a lost file does not start again at 1
 * @serial: result, durable when this returns CR_DIR_OK
 *
 * Return: CR_DIR_OK; CR_DIR_STORAGE (errno says why; EBADMSG: the file is not
 * such a file) and then no number may be used; CR_DIR_NUMBER: all used up.
 */
enum cr_verdict cr_serial_next(const char *path, uint64_t at_least, uint64_t *serial);

/**
 * cr_serial_claim() - may this content be signed under this number?
 * @path: the file, one per network and authority
 * @number: of the snapshot
 * @hash: of its body
 *
 * A number above the last is recorded, durably, and may; the last one may again
 * with the same content.
 * Return: CR_DIR_OK; CR_DIR_REUSE for other content; CR_DIR_ROLLBACK for a number
 * below the last; CR_DIR_STORAGE.
 */
enum cr_verdict cr_serial_claim(const char *path, uint64_t number, const uint8_t hash[CR_HASH_BYTES]);

#endif /* CR_DIRECTORY_SERIAL_H */
